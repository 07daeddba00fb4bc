"""The admin of flags: open ones first, and one page to decide with everything known about the order."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Case, Value, When
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html

from affiliates.commissions.explanation import explain_order
from affiliates.commissions.flags import clear_flag, confirm_flag
from affiliates.models import Flag
from privacy.admin_base.readonly import ReadOnlyAdmin
from privacy.admin_base.staff_action import StaffAction, StaffActionsAdmin

from .filters import AffiliateFilter

OPEN_FIRST = Case(When(state=Flag.State.OPEN, then=Value(0)), default=Value(1))


class DecisionForm(forms.Form):
    decision = forms.ChoiceField(
        label="Decision",
        choices=[("clear", "Clear: pay the commission"), ("confirm", "Confirm: reject the commission")],
        widget=forms.RadioSelect,
    )
    reason = forms.CharField(
        max_length=300, help_text="Shown to the affiliate. Don't name a customer.", widget=forms.Textarea({"rows": 3})
    )


def _decide(*, decision: str, **of_the_flag: Any) -> bool:
    return clear_flag(**of_the_flag) if decision == "clear" else confirm_flag(**of_the_flag)


@admin.register(Flag)
class FlagAdmin(StaffActionsAdmin, ReadOnlyAdmin):
    list_display = ["raised_at", "because", "code", "order", "state", "reason", "decided_at", "to_decide"]
    list_filter = [AffiliateFilter, "state", "kind", "raised_at"]
    list_select_related = ["attribution__affiliate", "attribution__order"]
    search_fields = [
        "attribution__affiliate__code",
        "attribution__order__reference",
        "attribution__commission__number",
    ]
    ordering = [OPEN_FIRST.asc(), "raised_at"]
    fields = ["because", "code", "order", "state", "raised_at", "reason", "decided_at", "decided_by"]
    row_argument = "flag"
    action_route = "<uuid:row_id>/{}/"
    action_url_name = "affiliates_flag_{}"
    returns_to = "changelist"
    staff_actions = (
        StaffAction(
            name="decide",
            label="Decide",
            permission="affiliates.decide_commission",
            do=_decide,
            when=lambda flag: flag.state == Flag.State.OPEN,
            form=DecisionForm,
            template="affiliates/admin/decide_flag.html",
            done=lambda flag, is_new: "Decided." if is_new else "This flag was already decided. Nothing was changed.",
        ),
    )

    @admin.display(description="reason", ordering="kind")
    def because(self, flag: Flag) -> str:
        return Flag.Kind(flag.kind).label

    @admin.display(description="affiliate", ordering="attribution__affiliate__code")
    def code(self, flag: Flag) -> str:
        return flag.attribution.affiliate.code

    @admin.display(description="order")
    def order(self, flag: Flag) -> str:
        return flag.attribution.order.reference

    @admin.display(description="decision")
    def to_decide(self, flag: Flag) -> str:
        if flag.state != Flag.State.OPEN:
            return ""
        return format_html('<a href="{}">Decide</a>', reverse("admin:affiliates_flag_decide", args=[flag.pk]))

    def action_context(self, request: HttpRequest, flag: Flag, action: StaffAction) -> dict[str, Any]:
        return {"lines": explain_order(flag.attribution.order)}

    def too_late(self, flag: Flag) -> str:
        return f"This flag is already {flag.get_state_display()}: {flag.why}."
