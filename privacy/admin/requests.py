"""The admin of privacy requests: most urgent first, overdue ones in red, and a button with confirmation for each
action."""

from __future__ import annotations

from typing import Any, cast
from uuid import UUID

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Case, QuerySet, Value, When
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path
from django.utils import timezone
from django.utils.html import format_html

from privacy.admin_base.acting_user import acting_user
from privacy.admin_base.blind_search import BlindSearchMixin
from privacy.admin_base.staff_action import StaffAction, StaffActionsAdmin
from privacy.admin_base.staff_labels import staff_label
from privacy.erasure.consequences import usable_purchases
from privacy.models import PrivacyRequest
from privacy.models.request import PrivacyRequestQuerySet
from privacy.registry.deadlines import in_days, local_day
from privacy.requests import record_request, report_for_staff
from privacy.requests.views import deletion_page

from .request_actions import REQUEST_ACTIONS, next_step
from .request_forms import StaffDeletionForm, StaffRequestForm


class DeadlineFilter(admin.SimpleListFilter):
    title = "queue"
    parameter_name = "queue"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [
            ("open", "open"),
            ("overdue", "overdue"),
            ("answered", "answered"),
            ("unconfirmed", "not confirmed yet"),
            ("link", "link not sent yet"),
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


OPEN_FIRST = Case(When(state=PrivacyRequest.State.CONFIRMED, then=Value(0)), default=Value(1))
_RECORD = ["reference", "kind", "channel", "state", "received_at", "address", "confirmed_at", "acknowledge_by"]
_RECORD += ["acknowledged_at", "due", "extended_at", "extension_reason", "answered_at", "outcome", "refusal_ground"]
_RECORD += ["handled_by"]


@admin.register(PrivacyRequest)
class PrivacyRequestAdmin(StaffActionsAdmin, BlindSearchMixin):
    list_title = "Requests of people"
    list_display = ["__str__", "due", "next", "state", "address", "acknowledged", "reference"]
    list_filter = [DeadlineFilter, "kind", "channel"]
    list_select_related = False
    search_fields = ["reference"]
    ordering = [OPEN_FIRST.asc(), Coalesce("due_at", "received_at").asc()]
    form = StaffRequestForm
    change_form_template = "privacy/admin/request.html"
    staff_actions = REQUEST_ACTIONS
    row_argument = "request"
    action_url_name = "privacy_privacyrequest_step"

    @admin.display(description="answer due", ordering="due_at")
    def due(self, row: PrivacyRequest) -> str:
        if row.due_at is None:
            return "–"
        return _day(row.due_at, row) if row.is_open else f"{local_day(row.due_at):%b %-d, %Y}"

    @admin.display(description="next step")
    def next(self, row: PrivacyRequest) -> str:
        return next_step(row).text if row.state != PrivacyRequest.State.ANSWERED else "–"

    @admin.display(description="acknowledged", ordering="acknowledge_by")
    def acknowledged(self, row: PrivacyRequest) -> str:
        if row.acknowledged_at is not None or row.acknowledge_by is None:
            return f"{local_day(row.acknowledged_at):%b %-d, %Y}" if row.acknowledged_at else "–"
        return _day(row.acknowledge_by, row)

    @admin.display(description="address")
    def address(self, row: PrivacyRequest) -> str:
        """Anyone can enter an address on the page; only its owner can confirm it."""
        return "not confirmed" if row.awaits_confirmation else "–"

    # --- Who may change what ------------------------------------------------------------------------------------------
    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        typed = ["identity", "email", *(["phone"] if obj else []), "contact", "details"]
        return [*_RECORD, *typed, "answer"] if obj else ["kind", "channel", "received_at", *typed]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """Open requests: only identity, contact details and a missing address can be edited."""
        if obj is None:
            return []
        editable = {"identity", "contact"} | ({"email"} if not obj.email else set()) if obj.is_open else set()
        return [name for name in self.get_fields(request, obj) if name not in editable]

    def save_model(self, request: HttpRequest, obj: PrivacyRequest, form: Any, change: bool) -> None:
        if not change:
            record_request(request=obj, now=timezone.now(), actor=acting_user(request))
        elif form.changed_data:
            obj.save(update_fields=form.changed_data)

    def response_add(self, request: HttpRequest, obj: Any, post_url_continue: str | None = None) -> HttpResponse:
        """Lands on the request, where the next step is, unless somebody chose to add another one."""
        if "_addanother" in request.POST:
            return super().response_add(request, obj, post_url_continue)
        return self.back(request, obj, "The request was recorded. The next step is marked below.")

    def response_change(self, request: HttpRequest, obj: Any) -> HttpResponse:
        """Stays on the request: what was saved is rarely its last step."""
        return self.back(request, obj, f"“{staff_label(obj)}” is saved.")

    # --- Actions ------------------------------------------------------------------------------------------------------
    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view(self.report_view)
        report = path("<uuid:request_id>/report/", view, name="privacy_privacyrequest_report")
        return [report, *super().get_urls()]

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **options: Any) -> Any:
        row = context.get("original")
        context["report"] = row and report_for_staff(row, now=timezone.now())
        context["next_step"] = row and next_step(row)
        return super().render_change_form(request, context, *args, **options)

    def form_for_action(self, request: HttpRequest, row: PrivacyRequest, action: StaffAction) -> forms.BaseForm:
        if action.form is not StaffDeletionForm:
            return super().form_for_action(request, row, action)
        usable = usable_purchases(row.email) if row.email else []
        form = StaffDeletionForm(request.POST if request.method == "POST" else None, usable=usable)
        form.fields["mail_report"].initial = row.report_failed_at is None
        if not usable:
            del form.fields["license"]
        return form

    def action_arguments(self, action: StaffAction, form: Any) -> dict[str, Any]:
        return {"now": timezone.now(), **form.cleaned_data}

    def action_context(self, request: HttpRequest, row: PrivacyRequest, action: StaffAction) -> dict[str, Any]:
        """Context for a deletion's confirmation page: what it would do."""
        return deletion_page(row.email) if action.is_final and row.email else {}

    def not_possible(self, request: HttpRequest, row: PrivacyRequest, action: StaffAction) -> HttpResponseBase:
        if action.is_final and report_for_staff(row, now=timezone.now()):  # submitted twice
            return redirect("admin:privacy_privacyrequest_report", row.pk)
        return super().not_possible(request, row, action)

    def too_late(self, row: PrivacyRequest) -> str:
        return "This action is not available for this request."

    def report_view(self, request: HttpRequest, request_id: UUID) -> HttpResponse:
        """The deletion report, for printing. Available for seven days, because it names what the person bought."""
        row = get_object_or_404(PrivacyRequest, pk=request_id)
        if not self.has_change_permission(request, row):
            raise PermissionDenied
        report = report_for_staff(row, now=timezone.now())
        if report is None:
            return self.back(request, row, "The report was only available for seven days.", messages.ERROR)
        self.audit(request, "read", row)
        context = {**self.admin_site.each_context(request), "original": row, "opts": self.opts, "title": str(row)}
        context |= {"report": report, "site_url": settings.SITE_URL}
        return render(request, "privacy/admin/report.html", context)


def _day(moment: Any, row: PrivacyRequest) -> str:
    """A deadline, in words and as a date."""
    now = timezone.now()
    words, day = in_days(moment, now=now), f"{local_day(moment):%b %-d, %Y}"
    if row.is_open and moment < now:
        return format_html('<strong class="overdue">{} ({}), overdue</strong>', words, day)
    return f"{words} ({day})"
