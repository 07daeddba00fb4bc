"""The admin of flags: open ones first, and one page to decide with everything known about the order."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Case, QuerySet, Value, When
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html

from affiliates.commissions.explanation import explain_order
from affiliates.commissions.flags import decide_order
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


def _decide(*, flag: Flag, decision: str, **by_whom: Any) -> int:
    return decide_order(attribution=flag.attribution, confirm=decision == "confirm", **by_whom)


def _done(flag: Flag, count: int) -> str:
    if not count:
        return "This flag was already decided. Nothing was changed."
    flags = "1 flag is" if count == 1 else f"{count} flags are"
    return f"Decided: {flags} closed for {flag.staff_label}."


@admin.register(Flag)
class FlagAdmin(StaffActionsAdmin, ReadOnlyAdmin):
    list_display = ["order", "who", "because", "state", "reason", "raised_at", "decided_at", "to_decide"]
    list_filter = [AffiliateFilter, "state", "kind", "raised_at"]
    list_select_related = ["attribution__affiliate__user", "attribution__order"]
    names_people = ("who",)
    search_fields = [
        "attribution__affiliate__code",
        "attribution__order__reference",
        "attribution__commission__number",
    ]
    ordering = [OPEN_FIRST.asc(), "raised_at"]
    fields = ["because", "who", "order", "state", "raised_at", "reason", "decided_at", "decided_by"]
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
            done=_done,
        ),
    )

    @admin.display(description="reason", ordering="kind")
    def because(self, flag: Flag) -> str:
        return Flag.Kind(flag.kind).label

    @admin.display(description="affiliate", ordering="attribution__affiliate__code")
    def who(self, flag: Flag) -> str:
        return flag.attribution.affiliate.staff_label

    @admin.display(description="order")
    def order(self, flag: Flag) -> str:
        return flag.attribution.order.reference

    @admin.display(description="decision")
    def to_decide(self, flag: Flag) -> str:
        if flag.state != Flag.State.OPEN:
            return ""
        return format_html('<a href="{}">Decide</a>', reverse("admin:affiliates_flag_decide", args=[flag.pk]))

    def action_context(self, request: HttpRequest, flag: Flag, action: StaffAction) -> dict[str, Any]:
        return {
            "lines": explain_order(flag.attribution.order),
            "open_flags": flag.attribution.flags.open().order_by("raised_at"),
        }

    def more_watched(self, flag: Flag) -> list[tuple[QuerySet[Any], tuple[str, ...]]]:
        """The decision closes every flag of the order, so one that was raised since must be seen first."""
        return [(flag.attribution.flags.exclude(pk=flag.pk), ("state",))]

    def too_late(self, flag: Flag) -> str:
        return f"This flag is already {flag.get_state_display()}: {flag.why}."
