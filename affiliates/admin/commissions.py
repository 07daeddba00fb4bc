"""The admin of commissions: approve, reject, hold and release, on a page or in the list, and why an amount is so."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.contrib.admin.helpers import ActionForm
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import path
from django.utils import timezone

from affiliates.commissions.bulk_decisions import (
    DecisionPreview,
    approve_all,
    hold_reasons,
    preview_approval,
    preview_rejection,
    reject_all,
)
from affiliates.commissions.explanation import explain_commission
from affiliates.commissions.flags import decide_order, hold_commission, reject_with_flags
from affiliates.commissions.lifecycle import DECIDE, approve_commission
from affiliates.models import Attribution, Commission, CommissionQuerySet, Flag, PayoutItem
from privacy.admin_base.acting_user import acting_user
from privacy.admin_base.readonly import ReadOnlyAdmin
from privacy.admin_base.refusals import ActionRefused
from privacy.admin_base.staff_action import StaffAction, StaffActionsAdmin
from privacy.admin_base.staff_pages import show

from .filters import AffiliateFilter, HeldFilter, QuestionFilter, sums_of_list
from .ledger_alarm import LedgerAlarm

State = Commission.State
AT_ONCE = 500  # commissions per action
UNPAID = (State.PENDING, State.APPROVED, State.IN_PAYOUT)


class CommissionReasonForm(ActionForm):
    reason = forms.CharField(
        required=False,
        max_length=300,
        widget=forms.TextInput(attrs={"size": 50, "placeholder": "shown to the affiliate"}),
    )


class ReasonForm(forms.Form):
    reason = forms.CharField(
        max_length=300, help_text="Shown to the affiliate. Don't name a customer.", widget=forms.Textarea({"rows": 3})
    )


class HoldForm(forms.Form):
    reason = forms.CharField(
        max_length=300, help_text="For your colleagues: what has to be found out.", widget=forms.Textarea({"rows": 3})
    )


def _is_held(commission: Commission) -> bool:
    return any(flag.state == Flag.State.OPEN for flag in commission.attribution.flags.all())


def _may_be_held(commission: Commission) -> bool:
    open_kinds = {flag.kind for flag in commission.attribution.flags.all() if flag.state == Flag.State.OPEN}
    return commission.state in UNPAID and Flag.Kind.BY_STAFF not in open_kinds


def _approve(**of_the_commission: Any) -> None:
    if not approve_commission(**of_the_commission):
        raise ActionRefused("This commission was decided or held in the meantime.")


def _release(*, commission: Commission, **decision: Any) -> int:
    return decide_order(attribution=commission.attribution, confirm=False, **decision)


@admin.register(Commission)
class CommissionAdmin(LedgerAlarm, StaffActionsAdmin, ReadOnlyAdmin):
    list_display = ["order", "who", "total", "remaining", "state", "holds", "hold_until", "created_at"]
    list_filter = [AffiliateFilter, QuestionFilter, "state", HeldFilter, "created_at"]
    list_select_related = ["attribution__affiliate__user", "attribution__order"]
    names_people = ("who",)
    search_fields = ["number", "attribution__affiliate__code", "attribution__order__reference"]
    fields = ["number", "who", "order", "route", "base", "terms", "total", "remaining", "state", "why_unpaid", "holds"]
    fields += ["hold_until", "created_at", "approved_at", "approved_by", "paid_at"]
    actions = ["approve", "reject", "hold", "clear"]
    action_form = CommissionReasonForm
    change_form_template = "affiliates/admin/commission.html"
    change_list_template = "affiliates/admin/commissions.html"
    row_argument = "commission"
    action_route = "<uuid:row_id>/{}/"
    action_url_name = "affiliates_commission_{}"
    staff_actions = (
        StaffAction(
            name="approve",
            label="Approve…",
            permission=DECIDE,
            do=_approve,
            when=lambda commission: commission.state == State.PENDING and not _is_held(commission),
            template="affiliates/admin/decide_commission.html",
            done=lambda commission, _: f"Approved: {commission.staff_label}.",
        ),
        StaffAction(
            name="release",
            label="Release…",
            asks="This clears every flag of the order. The commission can then be approved and paid.",
            permission=DECIDE,
            do=_release,
            when=_is_held,
            form=ReasonForm,
            template="affiliates/admin/decide_commission.html",
            done=lambda commission, _: f"Released: {commission.staff_label}.",
        ),
        StaffAction(
            name="hold",
            label="Hold…",
            asks="It is neither approved nor paid until somebody releases or rejects it.",
            permission=DECIDE,
            do=hold_commission,
            when=_may_be_held,
            form=HoldForm,
            template="affiliates/admin/decide_commission.html",
            done=lambda commission, _: f"On hold: {commission.staff_label}.",
        ),
        StaffAction(
            name="reject",
            label="Reject…",
            asks="The affiliate earns nothing on this order. This can't be undone; it also closes its flags.",
            permission=DECIDE,
            do=reject_with_flags,
            when=lambda commission: commission.state == State.PENDING,
            form=ReasonForm,
            is_final=True,
            template="affiliates/admin/decide_commission.html",
            done=lambda commission, _: f"Rejected: {commission.staff_label}.",
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        commissions = super().get_queryset(request).select_related("attribution__affiliate__user", "attribution__order")
        return commissions.prefetch_related("attribution__flags")

    @admin.display(description="affiliate", ordering="attribution__affiliate__code")
    def who(self, commission: Commission) -> str:
        return commission.affiliate.staff_label

    @admin.display(description="order", ordering="attribution__order__reference")
    def order(self, commission: Commission) -> str:
        return commission.attribution.order.reference

    @admin.display(description="source")
    def route(self, commission: Commission) -> str:
        return Attribution.Route(commission.attribution.route).label

    @admin.display(description="hold reason")
    def holds(self, commission: Commission) -> str:
        return hold_reasons(commission)  # the flags were prefetched with the list

    def more_watched(self, commission: Commission) -> list[tuple[QuerySet[Any], tuple[str, ...]]]:
        """A flag that was raised since the page was opened must not be decided unseen."""
        return [(commission.attribution.flags.all(), ("state",))]

    def action_context(self, request: HttpRequest, commission: Commission, action: StaffAction) -> dict[str, Any]:
        return {
            "open_flags": [flag for flag in commission.attribution.flags.all() if flag.state == Flag.State.OPEN],
            "is_early": action.name == "approve" and commission.hold_until > timezone.now(),
            "refund_days": settings.REFUND_DAYS,
        }

    def too_late(self, commission: Commission) -> str:
        return f"This commission is {commission.get_state_display()}{', on hold' if _is_held(commission) else ''}."

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Below the list: the totals of all its pages, unless it goes on beyond them: then the report has them."""
        response = super().changelist_view(request, extra_context)
        context = getattr(response, "context_data", None) or {}
        if "cl" in context and not context["cl"].goes_on:
            context["sums"] = sums_of_list(context["cl"].queryset)
        return response

    def response_action(self, request: HttpRequest, *args: Any, **options: Any) -> HttpResponse | None:
        """Django would report a refused reason as "no action selected"."""
        try:
            CommissionReasonForm.base_fields["reason"].clean(request.POST.get("reason", ""))
        except forms.ValidationError as problem:
            self.message_user(request, f"Reason: {' '.join(problem.messages)}", messages.ERROR)
            return redirect(request.get_full_path())
        return super().response_action(request, *args, **options)

    @admin.action(description="Approve…", permissions=["decide"])
    def approve(self, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse | None:
        """Commissions within the buyers' refund window are approved only if somebody confirms all."""
        chosen, confirmed = _selected_commissions(queryset), request.POST.get("confirmed")
        if confirmed not in {"due", "all"}:
            preview = preview_approval(chosen, actor=acting_user(request))
            return self._ask_for_confirmation(request, preview, verb="approve")
        count = approve_all(chosen, early=confirmed == "all", actor=acting_user(request))
        self.message_user(request, f"{count} approved.", messages.SUCCESS)
        return None

    @admin.action(description="Reject with a reason…", permissions=["decide"])
    def reject(self, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse | None:
        chosen = _selected_commissions(queryset)
        reason = self._entered_reason(request)
        if not reason:
            return None
        if "confirmed" not in request.POST:
            return self._ask_for_confirmation(
                request, preview_rejection(chosen, actor=acting_user(request)), verb="reject"
            )
        try:
            count = reject_all(chosen, reason=reason, actor=acting_user(request))
        except ActionRefused as refusal:
            self.message_user(request, f"None was rejected. {refusal}", messages.ERROR)
        else:
            self.message_user(request, f"{count} rejected.", messages.SUCCESS)
        return None

    def _ask_for_confirmation(self, request: HttpRequest, preview: DecisionPreview, *, verb: str) -> HttpResponse:
        """Before anything happens: the total, and what is skipped."""
        context = {
            "preview": preview,
            "verb": verb,
            "asks_early": verb == "approve" and preview.early,
            "refund_days": settings.REFUND_DAYS,
            "reason": request.POST.get("reason", ""),
            "at_once": AT_ONCE,
            "opts": self.opts,
        }
        return show(request, "affiliates/admin/confirm.html", title=f"Confirm: {verb}", **context)

    @admin.action(description="Hold with a reason", permissions=["decide"])
    def hold(self, request: HttpRequest, queryset: QuerySet[Commission]) -> None:
        if reason := self._entered_reason(request):
            self._do_each(request, queryset, "held", lambda **of_it: hold_commission(reason=reason, **of_it))

    @admin.action(description="Release: clear all flags with a reason", permissions=["decide"])
    def clear(self, request: HttpRequest, queryset: QuerySet[Commission]) -> None:
        if reason := self._entered_reason(request):
            self._do_each(request, queryset, "released", lambda **of_it: _release(reason=reason, **of_it))

    def _do_each(self, request: HttpRequest, queryset: QuerySet[Commission], done: str, do: Any) -> None:
        """Decides each commission separately, and reports those that were refused."""
        count = 0
        for commission in _selected_commissions(queryset):
            try:
                count += bool(do(commission=commission, actor=acting_user(request)))
            except ActionRefused as refusal:
                self.message_user(request, f"{commission.staff_label}: {refusal}", messages.ERROR)
        self.message_user(request, f"{count} {done}.", messages.SUCCESS if count else messages.INFO)

    def _entered_reason(self, request: HttpRequest) -> str:
        reason = request.POST.get("reason", "").strip()[:300]
        if not reason:
            self.message_user(request, "Please enter a reason next to the action.", messages.ERROR)
        return reason

    def has_decide_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm(DECIDE)

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view(self.explain)
        return [path("<uuid:commission_id>/explain/", view, name="affiliates_commission_explain"), *super().get_urls()]

    def explain(self, request: HttpRequest, commission_id: UUID) -> HttpResponse:
        """Why did this affiliate get this amount?"""
        commission = get_object_or_404(self.get_queryset(request), pk=commission_id)
        if not self.has_view_permission(request, commission):
            raise PermissionDenied
        self.audit(request, "read", commission)
        context = {
            "commission": commission,
            "lines": explain_commission(commission),
            "payouts": PayoutItem.objects.filter(claims__entry__commission=commission).distinct(),
            "opts": self.opts,
        }
        title = f"Why {commission.remaining} for {commission.affiliate.staff_label}?"
        return show(request, "affiliates/admin/explain.html", title=title, **context)


def _selected_commissions(queryset: QuerySet[Any]) -> CommissionQuerySet:
    """Each selected commission once, whatever the search joined; the oldest first."""
    oldest = queryset.order_by("created_at", "pk").values_list("pk", flat=True)
    return Commission.objects.filter(pk__in=list(oldest[:AT_ONCE])).order_by("created_at", "pk")
