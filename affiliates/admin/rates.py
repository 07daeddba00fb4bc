"""The admin of rates: the whole history is visible; a rate is set and ended, never edited."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone

from affiliates.commissions.rates import end_rate, rate_for, rate_problem, set_rate
from affiliates.models import Rate
from privacy.admin_base.acting_user import acting_user
from privacy.admin_base.reauthentication import confirmed_recently
from privacy.admin_base.refusals import ActionRefused
from shop.money import CURRENCIES, program_currency
from shop.money_fields import MoneyFormField
from shop.pricing.large_change import confirmation_error


class RateForm(forms.ModelForm[Rate]):
    flat = MoneyFormField(label="Flat amount per sale", currency_field="currency", required=False)
    currency = forms.ChoiceField(
        label="Currency of a flat amount",
        required=False,
        choices=[(code, code) for code in CURRENCIES],
        initial=program_currency,
    )

    class Meta:
        model = Rate
        fields = ["affiliate", "product", "percent", "flat", "currency", "starts_at", "ends_at"]
        help_texts = {
            "affiliate": "Empty: for all affiliates.",
            "product": "Empty: for all products.",
            "percent": "Of the amount paid, without tax, shipping and discount. Or enter a flat amount below.",
            "starts_at": "Empty: now. Earlier orders keep their rate.",
            "ends_at": "Empty: until it is replaced.",
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "starts_at" in self.fields:  # a stored rate is read-only
            self.fields["starts_at"].required = False
            self.fields["starts_at"].initial = None
            self.initial.pop("starts_at", None)

    def clean(self) -> dict[str, Any]:
        if not self.errors:
            rate = self.unsaved()
            if problem := rate_problem(rate):
                raise forms.ValidationError(problem)
            self._confirm_large_change(rate)
        return self.cleaned_data

    def _post_clean(self) -> None:
        """Skips Django's check of the constraints: setting a rate ends the one it replaces."""

    def _confirm_large_change(self, rate: Rate) -> None:
        """Asks for confirmation of a change by more than half, or between a percentage and a flat amount, which can't
        be compared."""
        before = rate_for(
            affiliate=rate.affiliate,
            product=rate.product,
            currency=rate.currency or program_currency(),
            moment=rate.starts_at,
        )
        if rate.is_far_from(before) and self.data.get("rate_confirmed") != str(rate):
            changes = f"The commission changes from {before.terms} to {rate.terms}."
            raise confirmation_error(changes, box="rate_confirmed", value=str(rate), answer=f"set {rate}")

    def unsaved(self) -> Rate:
        values = self.cleaned_data
        flat = values["flat"]
        return Rate(
            affiliate=values["affiliate"],
            product=values["product"],
            percent=values["percent"],
            flat_minor=None if flat is None else flat.minor,
            currency=flat.currency if flat else "",
            starts_at=values["starts_at"] or timezone.now(),
            ends_at=values["ends_at"],
        )


@admin.register(Rate)
class RateAdmin(admin.ModelAdmin[Rate]):
    form = RateForm
    list_display = ["terms", "affiliate", "product", "starts_at", "ends_at", "created_by"]
    list_filter = ["starts_at"]
    list_select_related = ["affiliate__user", "product", "created_by"]
    search_fields = ["affiliate__code", "product__name"]
    autocomplete_fields = ["affiliate"]
    fields = ["affiliate", "product", "percent", "flat", "currency", "starts_at", "ends_at"]
    actions = ["end"]

    def get_fields(self, request: HttpRequest, obj: Rate | None = None) -> Any:
        return self.fields if obj is None else ["terms", "target", "starts_at", "ends_at", "created_at", "created_by"]

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_end_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("affiliates.add_rate")

    @confirmed_recently
    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        try:
            return super().add_view(request, form_url, extra_context)
        except ActionRefused as refusal:  # somebody set a rate in the meantime
            self.message_user(request, str(refusal), messages.ERROR)
            return redirect("admin:affiliates_rate_changelist")

    def save_form(self, request: HttpRequest, form: Any, change: bool) -> Rate:
        values = form.cleaned_data
        return set_rate(
            affiliate=values["affiliate"],
            product=values["product"],
            percent=values["percent"],
            flat=values["flat"],
            starts_at=values["starts_at"],
            ends_at=values["ends_at"],
            actor=acting_user(request),
        )

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """A rate has no related objects."""

    def save_model(self, request: HttpRequest, obj: Rate, form: Any, change: bool) -> None:
        """`set_rate` has stored it already."""

    @admin.action(description="End now", permissions=["end"])
    def end(self, request: HttpRequest, queryset: QuerySet[Rate]) -> None:
        ended = 0
        for rate in queryset.select_related("affiliate", "product"):
            try:
                ended += end_rate(rate=rate, actor=acting_user(request))
            except ActionRefused as refusal:
                self.message_user(request, f"{rate}: {refusal}", messages.ERROR)
        self.message_user(request, f"{ended} ended. Earlier orders keep their rate.")
