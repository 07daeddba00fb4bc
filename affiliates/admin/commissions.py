"""The admin of commissions: approve, reject, hold and clear, each with its reason, and the explanation of an amount."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ActionForm
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import path

from affiliates.commissions.bulk_decisions import (
    DecisionPreview,
    approve_all,
    hold_reasons,
    preview_approval,
    preview_rejection,
    reject_all,
)
from affiliates.commissions.explanation import explain_commission
from affiliates.commissions.flags import clear_flag, confirm_flag, raise_flag
from affiliates.models import Attribution, Commission, CommissionQuerySet, Flag, PayoutItem
from privacy.admin_base.acting_user import acting_user
from privacy.admin_base.readonly import ReadOnlyAdmin
from privacy.admin_base.refusals import ActionRefused
from privacy.admin_base.staff_pages import show
from shop.models import Order

from .filters import AffiliateFilter, HeldFilter, QuestionFilter, sums_of_list
from .ledger_alarm import LedgerAlarm

AT_ONCE = 500  # commissions per action


class CommissionReasonForm(ActionForm):
    reason = forms.CharField(
        required=False,
        max_length=300,
        widget=forms.TextInput(attrs={"size": 50, "placeholder": "shown to the affiliate"}),
    )


@admin.register(Commission)
class CommissionAdmin(LedgerAlarm, ReadOnlyAdmin):
    list_display = ["__str__", "code", "order", "total", "remaining", "state", "holds", "hold_until", "created_at"]
    list_filter = [AffiliateFilter, QuestionFilter, "state", HeldFilter, "created_at"]
    list_select_related = ["attribution__affiliate", "attribution__order"]
    search_fields = ["number", "attribution__affiliate__code", "attribution__order__reference"]
    fields = ["number", "code", "order", "route", "base", "terms", "total", "remaining", "state", "why_unpaid", "holds"]
    fields += ["hold_until", "created_at", "approved_at", "approved_by", "paid_at"]
    actions = ["approve", "reject", "hold", "clear", "confirm"]
    action_form = CommissionReasonForm
    change_form_template = "affiliates/admin/commission.html"
    change_list_template = "affiliates/admin/commissions.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).prefetch_related("attribution__flags")

    @admin.display(description="affiliate", ordering="attribution__affiliate__code")
    def code(self, commission: Commission) -> str:
        return commission.affiliate.code

    @admin.display(description="order")
    def order(self, commission: Commission) -> Order:
        return commission.attribution.order

    @admin.display(description="source")
    def route(self, commission: Commission) -> str:
        return Attribution.Route(commission.attribution.route).label

    @admin.display(description="hold reason")
    def holds(self, commission: Commission) -> str:
        return hold_reasons(commission)  # the flags were prefetched with the list

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Below the list: the totals of all its pages."""
        response = super().changelist_view(request, extra_context)
        context = getattr(response, "context_data", None) or {}
        if "cl" in context:
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

    @admin.action(description="Approve", permissions=["decide"])
    def approve(self, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse | None:
        chosen = _selected_commissions(queryset)
        if "confirmed" not in request.POST:
            return self._ask_for_confirmation(
                request, preview_approval(chosen, actor=acting_user(request)), verb="approve"
            )
        self.message_user(request, f"{approve_all(chosen, actor=acting_user(request))} approved.")
        return None

    @admin.action(description="Reject with a reason", permissions=["decide"])
    def reject(self, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse | None:
        chosen = _selected_commissions(queryset)
        reason = self._entered_reason(request)
        if not reason:
            return None
        if "confirmed" not in request.POST:
            return self._ask_for_confirmation(
                request, preview_rejection(chosen, actor=acting_user(request)), verb="reject"
            )
        self.message_user(request, f"{reject_all(chosen, reason=reason, actor=acting_user(request))} rejected.")
        return None

    def _ask_for_confirmation(self, request: HttpRequest, preview: DecisionPreview, *, verb: str) -> HttpResponse:
        """Before anything happens: the total, and what is skipped."""
        context = {
            "preview": preview,
            "verb": verb,
            "reason": request.POST.get("reason", ""),
            "at_once": AT_ONCE,
            "opts": self.opts,
        }
        return show(request, "affiliates/admin/confirm.html", title=f"Confirm: {verb}", **context)

    @admin.action(description="Hold for review", permissions=["decide"])
    def hold(self, request: HttpRequest, queryset: QuerySet[Commission]) -> None:
        for commission in queryset.select_related("attribution"):
            raise_flag(
                attribution=commission.attribution,
                kind=Flag.Kind.BY_STAFF,
                reason=request.POST.get("reason", ""),
                actor=acting_user(request),
            )
        self.message_user(request, "Held until somebody clears the flags.")

    @admin.action(description="Clear its flags with a reason", permissions=["decide"])
    def clear(self, request: HttpRequest, queryset: QuerySet[Commission]) -> None:
        self._decide_flags(request, queryset, clear_flag, "cleared")

    @admin.action(description="Confirm its flags and reject with a reason", permissions=["decide"])
    def confirm(self, request: HttpRequest, queryset: QuerySet[Commission]) -> None:
        self._decide_flags(request, queryset, confirm_flag, "confirmed")

    def _decide_flags(
        self, request: HttpRequest, queryset: QuerySet[Commission], decide: Callable[..., bool], done: str
    ) -> None:
        reason = self._entered_reason(request)
        flags = Flag.objects.open().filter(attribution__commission__in=queryset).select_related("attribution")
        count = 0
        for flag in flags if reason else ():
            try:
                count += decide(flag=flag, reason=reason, actor=acting_user(request))
            except ActionRefused as refusal:
                self.message_user(request, str(refusal), messages.ERROR)
        if reason:
            self.message_user(request, f"{count} {done}.")

    def _entered_reason(self, request: HttpRequest) -> str:
        reason = request.POST.get("reason", "").strip()[:300]
        if not reason:
            self.message_user(request, "Please enter a reason next to the action.", messages.ERROR)
        return reason

    def has_decide_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("affiliates.decide_commission")

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view(self.explain)
        return [path("<uuid:commission_id>/explain/", view, name="affiliates_commission_explain"), *super().get_urls()]

    def explain(self, request: HttpRequest, commission_id: UUID) -> HttpResponse:
        """Why did this affiliate get this amount?"""
        commission = get_object_or_404(self.get_queryset(request), pk=commission_id)
        if not self.has_view_permission(request, commission):
            raise PermissionDenied
        context = {
            "commission": commission,
            "lines": explain_commission(commission),
            "payouts": PayoutItem.objects.filter(claims__entry__commission=commission).distinct(),
            "opts": self.opts,
        }
        title = f"Why {commission.remaining} for {commission.affiliate.code}?"
        return show(request, "affiliates/admin/explain.html", title=title, **context)


def _selected_commissions(queryset: QuerySet[Any]) -> CommissionQuerySet:
    """Each selected commission once, whatever the search joined; the oldest first."""
    oldest = queryset.order_by("created_at", "pk").values_list("pk", flat=True)
    return Commission.objects.filter(pk__in=list(oldest[:AT_ONCE])).order_by("created_at", "pk")
