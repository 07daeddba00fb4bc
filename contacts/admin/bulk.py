"""Steps with many messages at once. Each row's own rule decides, and the message names how many it left out."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import admin, messages
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from contacts.inquiries.assignment import assign_inquiries
from contacts.inquiries.workflow import close_inquiry, mark_as_spam
from contacts.models import Inquiry
from privacy.admin_base.acting_user import acting_user
from privacy.admin_base.audited import AuditedAdmin
from privacy.admin_base.refusals import ActionRefused

from .forms import BulkAssignForm


class BulkActions(AuditedAdmin):
    actions = ("close_selected", "spam_selected", "assign_selected")

    @admin.action(description="Close", permissions=["change"])
    def close_selected(self, request: HttpRequest, queryset: QuerySet[Inquiry]) -> None:
        self._each(request, queryset, close_inquiry, "closed")

    @admin.action(description="Mark as spam", permissions=["change"])
    def spam_selected(self, request: HttpRequest, queryset: QuerySet[Inquiry]) -> None:
        self._each(request, queryset, mark_as_spam, "marked as spam")

    @admin.action(description="Assign to…", permissions=["change"])
    def assign_selected(self, request: HttpRequest, queryset: QuerySet[Inquiry]) -> HttpResponse | None:
        """Asks to whom first, on a page that comes back here."""
        form = BulkAssignForm(request.POST if "colleague" in request.POST else None)
        if form.is_valid():
            with transaction.atomic():
                to, actor = form.cleaned_data["colleague"], acting_user(request)
                changed = assign_inquiries(inquiries=_locked(queryset), to=to, actor=actor)
            self.message_user(request, _counted(changed, "assigned"))
            return None
        context = {
            **self.admin_site.each_context(request),
            "title": "Assign messages",
            "opts": self.opts,
            "form": form,
            "count": queryset.count(),
            "selected": request.POST.getlist("_selected_action"),
            "across": request.POST.get("select_across", "0"),
            "seen_list": request.POST.get("seen_list", ""),
        }
        return TemplateResponse(request, "contacts/admin/assign.html", context)

    def _each(
        self, request: HttpRequest, queryset: QuerySet[Inquiry], step: Callable[..., None], done_word: str
    ) -> None:
        done, refused = 0, 0
        with transaction.atomic():
            for inquiry in _locked(queryset):
                try:
                    step(inquiry=inquiry, actor=acting_user(request))
                except ActionRefused:
                    refused += 1
                else:
                    done += 1
        self.message_user(request, _counted(done, done_word))
        if refused:
            text = f"{refused} left out, because this isn't possible in their state (any more)."
            self.message_user(request, text, messages.WARNING)


def _locked(queryset: QuerySet[Inquiry]) -> QuerySet[Inquiry]:
    """In the order of their keys, so that two colleagues never wait for each other. A search makes the list's own
    query distinct, which can't be locked."""
    rows: QuerySet[Inquiry] = Inquiry.objects.filter(pk__in=queryset.order_by().values("pk"))
    return rows.select_for_update(of=("self",)).order_by("pk")


def _counted(count: int, done_word: str) -> str:
    return f"{count} message{'' if count == 1 else 's'} {done_word}."
