"""The admin of flags: open ones first, and one page to decide with everything known about the order."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Case, QuerySet, Value, When
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import path, reverse
from django.utils.html import format_html

from affiliates.commissions.explanation import explain_order
from affiliates.commissions.flags import clear_flag, confirm_flag
from affiliates.models import Flag
from affiliates.staff.base import acting, show
from privacy.admin_base.readonly import ReadOnlyAdmin
from privacy.admin_base.refusals import ActionRefused

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


@admin.register(Flag)
class FlagAdmin(ReadOnlyAdmin):
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
    change_form_template = "affiliates/admin/flag.html"

    @admin.display(description="reason", ordering="kind")
    def because(self, flag: Flag) -> str:
        return Flag.Kind(flag.kind).label

    @admin.display(description="affiliate", ordering="attribution__affiliate__code")
    def code(self, flag: Flag) -> str:
        return flag.attribution.affiliate.code

    @admin.display(description="order")
    def order(self, flag: Flag) -> str:
        return flag.attribution.order.reference

    @admin.display(description="")
    def to_decide(self, flag: Flag) -> str:
        if flag.state != Flag.State.OPEN:
            return ""
        return format_html('<a href="{}">Decide</a>', reverse("admin:affiliates_flag_decide", args=[flag.pk]))

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view(self.decide)
        return [path("<uuid:flag_id>/decide/", view, name="affiliates_flag_decide"), *super().get_urls()]

    def decide(self, request: HttpRequest, flag_id: UUID) -> HttpResponse:
        if not request.user.has_perm("affiliates.decide_commission"):
            raise PermissionDenied
        flag = get_object_or_404(self._flags_with_orders(request), pk=flag_id)
        form = DecisionForm(request.POST or None)
        if form.is_valid() and self._save_decision(request, flag, **form.cleaned_data):
            return redirect("admin:affiliates_flag_changelist")
        context = {"flag": flag, "lines": explain_order(flag.attribution.order), "form": form, "opts": self.opts}
        return show(request, "affiliates/admin/decide_flag.html", title=f"Decide {flag}", **context)

    def _flags_with_orders(self, request: HttpRequest) -> QuerySet[Any]:
        return self.get_queryset(request).select_related("attribution__affiliate", "attribution__order")

    def _save_decision(self, request: HttpRequest, flag: Flag, *, decision: str, reason: str) -> bool:
        step = clear_flag if decision == "clear" else confirm_flag
        try:
            done = step(flag=flag, reason=reason, actor=acting(request))
        except ActionRefused as refusal:
            self.message_user(request, str(refusal), messages.ERROR)
            return False
        self.message_user(request, "Decided." if done else "This flag was already decided. Nothing was changed.")
        return True
