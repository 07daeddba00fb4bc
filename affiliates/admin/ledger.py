"""The admin of the ledger: read-only entries, manual adjustments, and the results of the nightly reconciliation."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path, reverse
from django.utils.html import format_html

from affiliates.commissions.adjustments import adjust_ledger
from affiliates.models import Adjustment, Affiliate, LedgerCheck, LedgerEntry
from privacy.admin_base.acting_user import acting_user
from privacy.admin_base.readonly import ReadOnlyAdmin
from privacy.admin_base.reauthentication import confirmed_recently
from privacy.admin_base.refusals import ActionRefused
from shop.money import CURRENCIES, program_currency
from shop.money_fields import MoneyFormField

from .adjustments import REASON_HELP, find_affiliate, show_prepared
from .filters import OwnAffiliateFilter
from .ledger_alarm import LedgerAlarm

KINDS = [(kind.value, kind.label) for kind in (Adjustment.Kind.CORRECTION, Adjustment.Kind.BONUS)]


class AdjustmentForm(forms.Form):
    kind = forms.ChoiceField(choices=KINDS, required=False)
    code = forms.CharField(label="Affiliate's code", help_text="Or one of their links.")
    amount = MoneyFormField(currency_field="currency", negative=True, help_text="A negative amount is debited.")
    currency = forms.ChoiceField(choices=[(code, code) for code in CURRENCIES], initial=program_currency)
    reason = forms.CharField(max_length=300, help_text=REASON_HELP)

    def clean_kind(self) -> str:
        return self.cleaned_data["kind"] or Adjustment.Kind.CORRECTION

    def clean_code(self) -> Affiliate:
        return find_affiliate(self.cleaned_data["code"])


@admin.register(LedgerEntry)
class LedgerAdmin(LedgerAlarm, ReadOnlyAdmin):
    list_display = ["created_at", "who", "kind", "total", "order", "reason", "why"]
    list_filter = [OwnAffiliateFilter, "kind", "created_at"]
    list_select_related = ["affiliate__user", "commission__attribution__order", "payout"]
    names_people = ("who",)
    fields = ["who", "kind", "total", "commission", "refund", "payout", "reason", "created_at"]
    search_fields = ["affiliate__code"]
    change_list_template = "affiliates/admin/ledger.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[LedgerEntry]:
        """With the order of a refund: a page names it, and `list_select_related` is for lists."""
        return super().get_queryset(request).select_related(*self.list_select_related, "refund__payment__order")

    @admin.display(description="affiliate", ordering="affiliate__code")
    def who(self, entry: LedgerEntry) -> str:
        return entry.affiliate.staff_label

    @admin.display(description="order", empty_value="–")
    def order(self, entry: LedgerEntry) -> str | None:
        return entry.commission.attribution.order.reference if entry.commission else None

    @admin.display(description="explanation")
    def why(self, entry: LedgerEntry) -> str:
        return format_html('<a href="{}">Why?</a>', reverse("affiliates:why_ledger_line", args=[entry.pk]))

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view(self.adjust)
        return [path("adjust/", view, name="affiliates_ledgerentry_adjust"), *super().get_urls()]

    @confirmed_recently
    def adjust(self, request: HttpRequest) -> HttpResponse:
        if not request.user.has_perm("affiliates.add_ledgerentry"):
            raise PermissionDenied
        form = AdjustmentForm(request.POST or None)
        if form.is_valid():
            values = form.cleaned_data
            try:
                adjustment = adjust_ledger(
                    kind=values["kind"],
                    affiliate=values["code"],
                    amount=values["amount"],
                    reason=values["reason"],
                    actor=acting_user(request),
                )
            except ActionRefused as refusal:
                form.add_error(None, str(refusal))
            else:
                return show_prepared(self, request, adjustment)
        context = {
            **self.admin_site.each_context(request),
            "title": "Adjust a balance",
            "form": form,
            "opts": self.opts,
        }
        return render(request, "affiliates/admin/adjust.html", context)


@admin.register(LedgerCheck)
class LedgerCheckAdmin(ReadOnlyAdmin):
    list_display = ["checked_at", "agrees", "paypal", "difference"]

    @admin.display(boolean=True, description="reconciled")
    def agrees(self, check: LedgerCheck) -> bool:
        return check.agrees
