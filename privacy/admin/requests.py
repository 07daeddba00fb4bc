"""The queue of privacy requests for staff: what waits longest comes first, what is late is red, and each step of a
request is a button on its page that asks before it acts."""

from __future__ import annotations

from typing import Any, cast
from uuid import UUID

from django.conf import settings
from django.contrib import admin, messages
from django.contrib.auth.base_user import AbstractBaseUser
from django.core.exceptions import PermissionDenied
from django.db.models import Case, QuerySet, Value, When
from django.db.models.functions import Coalesce
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.html import format_html

from privacy.admin_base.blind_search import BlindSearchMixin
from privacy.admin_base.reauthentication import ask_again
from privacy.admin_base.refusals import ActionRefused
from privacy.models import PrivacyRequest
from privacy.models.request import PrivacyRequestQuerySet
from privacy.registry.deadlines import local_day
from privacy.requests import record_request, report_for_staff

from .request_actions import STEPS, Step, steps_of
from .request_forms import StaffRequestForm


class DeadlineFilter(admin.SimpleListFilter):
    title = "queue"
    parameter_name = "queue"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [
            ("open", "open"),
            ("overdue", "overdue"),
            ("answered", "answered"),
            ("unconfirmed", "not confirmed yet"),
            ("link", "link not mailed yet"),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        chosen, requests = self.value(), cast(PrivacyRequestQuerySet, queryset)
        if chosen == "open":
            return requests.open()
        if chosen == "overdue":
            return requests.overdue(timezone.now())
        if chosen == "link":
            return requests.without_link(timezone.now())
        return requests.filter(state=chosen) if chosen else requests


ANSWER = "privacy.answer_privacyrequest"
OPEN_FIRST = Case(When(state=PrivacyRequest.State.CONFIRMED, then=Value(0)), default=Value(1))
_RECORD = ["reference", "kind", "channel", "state", "received_at", "address", "confirmed_at", "acknowledge_by"]
_RECORD += ["acknowledged_at", "due", "extended_at", "extension_reason", "answered_at", "outcome", "refusal_ground"]
_RECORD += ["handled_by"]


@admin.register(PrivacyRequest)
class PrivacyRequestAdmin(BlindSearchMixin):
    list_display = ["reference", "due", "kind", "state", "channel", "address", "received_at", "acknowledged"]
    list_display += ["answered_at"]
    list_filter = [DeadlineFilter, "kind", "channel"]
    list_select_related = False
    search_fields = ["reference"]
    blind_search_fields = ("email_index",)
    ordering = [OPEN_FIRST.asc(), Coalesce("due_at", "received_at").asc()]
    form = StaffRequestForm
    change_form_template = "privacy/admin/request.html"

    @admin.display(description="answer due", ordering="due_at")
    def due(self, row: PrivacyRequest) -> str:
        if row.due_at is None:
            return "–"
        late = row.is_open and row.due_at < timezone.now()
        return _day(row.due_at, late)

    @admin.display(description="acknowledged", ordering="acknowledge_by")
    def acknowledged(self, row: PrivacyRequest) -> str:
        if row.acknowledged_at is not None or row.acknowledge_by is None:
            return f"{local_day(row.acknowledged_at):%d %b %Y}" if row.acknowledged_at else "–"
        return _day(row.acknowledge_by, row.is_open and row.acknowledge_by < timezone.now(), "by ")

    @admin.display(description="address")
    def address(self, row: PrivacyRequest) -> str:
        """Anybody can type an address into the page; only its owner can confirm it."""
        return "not confirmed" if row.awaits_confirmation else "–"

    # --- Who may change what ------------------------------------------------------------------------------------------
    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        typed = ["identity", "email", *(["phone"] if obj else []), "contact", "details"]
        return [*_RECORD, *typed, "answer"] if obj else ["kind", "channel", "received_at", *typed]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """While a request is open: how its person is known, and an address that was missing."""
        if obj is None:
            return []
        editable = {"identity", "contact"} | ({"email"} if not obj.email else set()) if obj.is_open else set()
        return [name for name in self.get_fields(request, obj) if name not in editable]

    def save_model(self, request: HttpRequest, obj: PrivacyRequest, form: Any, change: bool) -> None:
        if not change:
            record_request(request=obj, now=timezone.now(), actor=_acting(request))
        elif form.changed_data:
            obj.save(update_fields=form.changed_data)

    # --- Steps --------------------------------------------------------------------------------------------------------
    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view(self.step_view)
        step = path("<uuid:request_id>/step/<slug:step>/", view, name="privacy_privacyrequest_step")
        report_view = self.admin_site.admin_view(self.report_view)
        report = path("<uuid:request_id>/report/", report_view, name="privacy_privacyrequest_report")
        return [step, report, *super().get_urls()]

    def change_view(self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None) -> Any:
        row = self.get_object(request, object_id)
        steps = steps_of(row) if row and request.user.has_perm(ANSWER) else []
        context = {**(extra_context or {}), "steps": steps, "report": row and report_for_staff(row, now=timezone.now())}
        return super().change_view(request, object_id, form_url, context)

    def step_view(self, request: HttpRequest, request_id: UUID, step: str) -> HttpResponse:
        """Asks, then acts, and says plainly what happened."""
        if not request.user.has_perm(ANSWER):
            raise PermissionDenied
        row, chosen = get_object_or_404(PrivacyRequest, pk=request_id), STEPS.get(step)
        if chosen is None:
            raise Http404
        if chosen.deletes and report_for_staff(row, now=timezone.now()):  # pressed twice
            return redirect("admin:privacy_privacyrequest_report", row.pk)
        if not chosen.fits(row):
            return self._back(request, row, "This can't be done with this request (any more).", messages.ERROR)
        if (chosen.deletes or chosen.result is not None) and (page := ask_again(request)):
            return page
        form = chosen.form_for(row, request.POST if request.method == "POST" else None)
        if request.method == "POST" and form.is_valid():
            return self._do(request, row, chosen, form.cleaned_data)
        self.audit(request, "read", row)
        return self._page(request, row, "privacy/admin/step.html", step=chosen, form=form, **chosen.plan(row))

    def report_view(self, request: HttpRequest, request_id: UUID) -> HttpResponse:
        """What a deletion did, to be printed for its person: for seven days, because it names what they bought."""
        row = get_object_or_404(PrivacyRequest, pk=request_id)
        if not self.has_change_permission(request, row):
            raise PermissionDenied
        report = report_for_staff(row, now=timezone.now())
        if report is None:
            return self._back(request, row, "The report is kept for seven days.", messages.ERROR)
        self.audit(request, "read", row)
        return self._page(request, row, "privacy/admin/report.html", report=report, site_url=settings.SITE_URL)

    def _do(self, request: HttpRequest, row: PrivacyRequest, step: Step, answers: dict[str, Any]) -> HttpResponse:
        try:
            done = step.do(request=row, now=timezone.now(), actor=_acting(request), **answers)
        except ActionRefused as refusal:
            return self._back(request, row, str(refusal), messages.ERROR)
        if step.deletes:
            return redirect("admin:privacy_privacyrequest_report", row.pk)
        if step.result is not None:
            return step.result(done)
        return self._back(request, row, step.said(mailed=done is not False and bool(row.email)))

    def _page(self, request: HttpRequest, row: PrivacyRequest, template: str, **context: Any) -> HttpResponse:
        context = {**self.admin_site.each_context(request), "original": row, "opts": self.opts, **context}
        return render(request, template, {"title": f"{row.get_kind_display()} ({row.reference})", **context})

    def _back(
        self, request: HttpRequest, row: PrivacyRequest, message: str, level: int = messages.SUCCESS
    ) -> HttpResponse:
        self.message_user(request, message, level)
        return redirect(reverse("admin:privacy_privacyrequest_change", args=[row.pk]))


def _acting(request: HttpRequest) -> AbstractBaseUser:
    """The member of staff: the admin lets nobody else in."""
    return cast(AbstractBaseUser, request.user)


def _day(moment: Any, late: bool, before: str = "") -> str:
    day = f"{before}{local_day(moment):%d %b %Y}"
    return format_html('<strong class="overdue">{}, overdue</strong>', day) if late else day
