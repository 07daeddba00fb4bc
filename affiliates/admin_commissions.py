"""Commissions for staff: approve, reject, hold and clear, each with its reason, and "why did this person get this?"."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ActionForm
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import path

from privacy.admin_readonly import ReadOnlyAdmin
from shop.models import Order

from .admin_books import BooksAlarm
from .commissions import approve_commission, reject_commission
from .explanation import explain_commission
from .flags import FlagRefused, clear_flag, confirm_flag, raise_flag
from .models import Attribution, Commission, Flag

if TYPE_CHECKING:
    from accounts.models import User


class ReasonForm(ActionForm):
    reason = forms.CharField(
        required=False,
        max_length=300,
        widget=forms.TextInput(attrs={"size": 50, "placeholder": "the affiliate reads it"}),
    )


class HeldFilter(admin.SimpleListFilter):
    title = "held"
    parameter_name = "held"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("yes", "held, to be decided"), ("no", "not held")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        held = Commission.objects.held().values("pk")
        return {"yes": queryset.filter(pk__in=held), "no": queryset.exclude(pk__in=held)}.get(
            self.value() or "", queryset
        )


@admin.register(Commission)
class CommissionAdmin(BooksAlarm, ReadOnlyAdmin):
    list_display = ["__str__", "code", "order", "total", "remaining", "state", "holds", "hold_until", "created_at"]
    list_filter = ["state", HeldFilter, "created_at"]
    list_select_related = ["attribution__affiliate", "attribution__order"]
    search_fields = ["attribution__affiliate__code", "attribution__order__reference"]
    fields = ["code", "order", "route", "base", "terms", "total", "remaining", "state", "reason", "holds"]
    fields += ["hold_until", "created_at", "approved_at", "approved_by", "paid_at"]
    actions = ["approve", "reject", "hold", "clear", "confirm"]
    action_form = ReasonForm
    change_form_template = "affiliates/admin/commission.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).prefetch_related("attribution__flags")

    @admin.display(description="affiliate", ordering="attribution__affiliate__code")
    def code(self, commission: Commission) -> str:
        return commission.affiliate.code

    @admin.display(description="order")
    def order(self, commission: Commission) -> Order:
        return commission.attribution.order

    @admin.display(description="brought by")
    def route(self, commission: Commission) -> str:
        return Attribution.Route(commission.attribution.route).label

    @admin.display(description="held because")
    def holds(self, commission: Commission) -> str:
        flags = commission.attribution.flags.all()  # fetched with the list
        return "; ".join(Flag.Kind(flag.kind).label for flag in flags if flag.state == Flag.State.OPEN)

    @admin.action(description="Approve", permissions=["decide"])
    def approve(self, request: HttpRequest, queryset: QuerySet[Commission]) -> None:
        done = sum(approve_commission(commission=c, approved_by=_acting(request)) for c in queryset)
        self.message_user(request, f"{done} approved; others were not pending, or are held.")

    @admin.action(description="Reject, with the reason", permissions=["decide"])
    def reject(self, request: HttpRequest, queryset: QuerySet[Commission]) -> None:
        if reason := self._reason(request):
            who = _acting(request)
            done = sum(reject_commission(commission=c, reason=reason, rejected_by=who) for c in queryset)
            self.message_user(request, f"{done} rejected; others were not pending.")

    @admin.action(description="Hold, to look into it", permissions=["decide"])
    def hold(self, request: HttpRequest, queryset: QuerySet[Commission]) -> None:
        for commission in queryset.select_related("attribution"):
            raise_flag(attribution=commission.attribution, kind=Flag.Kind.BY_STAFF, by=_acting(request))
        self.message_user(request, "Held until somebody clears them.")

    @admin.action(description="Clear what holds it, with the reason", permissions=["decide"])
    def clear(self, request: HttpRequest, queryset: QuerySet[Commission]) -> None:
        self._decide_flags(request, queryset, clear_flag, "cleared")

    @admin.action(description="Confirm what holds it and reject, with the reason", permissions=["decide"])
    def confirm(self, request: HttpRequest, queryset: QuerySet[Commission]) -> None:
        self._decide_flags(request, queryset, confirm_flag, "confirmed")

    def _decide_flags(
        self, request: HttpRequest, queryset: QuerySet[Commission], decide: Callable[..., bool], done: str
    ) -> None:
        reason = self._reason(request)
        flags = Flag.objects.open().filter(attribution__commission__in=queryset).select_related("attribution")
        count = 0
        for flag in flags if reason else []:
            try:
                count += decide(flag=flag, reason=reason, by=_acting(request))
            except FlagRefused as refusal:
                self.message_user(request, str(refusal), messages.ERROR)
        if reason:
            self.message_user(request, f"{count} {done}.")

    def _reason(self, request: HttpRequest) -> str:
        reason = request.POST.get("reason", "").strip()[:300]
        if not reason:
            self.message_user(request, "Please write the reason beside the action.", messages.ERROR)
        return reason

    def has_decide_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("affiliates.change_commission")

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view(self.explain)
        return [path("<uuid:commission_id>/explain/", view, name="affiliates_commission_explain"), *super().get_urls()]

    def explain(self, request: HttpRequest, commission_id: UUID) -> HttpResponse:
        """Why did this person get this amount?"""
        commission = get_object_or_404(self.get_queryset(request), pk=commission_id)
        if not self.has_view_permission(request, commission):
            raise PermissionDenied
        context = {
            **self.admin_site.each_context(request),
            "title": f"Why {commission.remaining} for {commission.affiliate.code}?",
            "commission": commission,
            "lines": explain_commission(commission),
            "opts": self.opts,
        }
        return render(request, "affiliates/admin/explain.html", context)


def _acting(request: HttpRequest) -> User:
    """The member of staff: the admin lets nobody else in."""
    return cast("User", request.user)
