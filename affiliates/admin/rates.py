"""The admin of rates: the whole history is visible; a rate is set and ended, never edited."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation
from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone

from affiliates.commissions.rates import end_rate, rate_for, rate_problem, set_rate
from affiliates.models import Rate, RateStep
from privacy.admin_base.acting_user import acting_user
from privacy.admin_base.reauthentication import confirmed_recently
from privacy.admin_base.refusals import ActionRefused
from shop.money import CURRENCIES, program_currency
from shop.money_fields import MoneyFormField
from shop.pricing.amount_parser import NotAnAmount, parse_money
from shop.pricing.large_change import confirmation_error

MOST_STEPS = 10
WRITTEN_STEP = re.compile(r"([0-9]{1,6})[\s:;=]+(\S+?)\s*%?")
EXAMPLE = "20 35"


class RateForm(forms.ModelForm[Rate]):
    flat = MoneyFormField(label="Flat amount per sale", currency_field="currency", required=False)
    currency = forms.ChoiceField(
        label="Currency of a flat amount",
        required=False,
        choices=[(code, code) for code in CURRENCIES],
        initial=program_currency,
    )

    steps = forms.CharField(
        required=False,
        max_length=500,
        widget=forms.Textarea({"rows": 3, "cols": 20}),
        help_text="One a line: from how many approved sales, and the percentage or amount from then on. “20 35” means"
        " 35% from 20 sales. A step applies to orders placed after it was reached; earlier ones keep their rate.",
    )

    class Meta:
        model = Rate
        fields = ["affiliate", "group", "product", "discount", "percent", "flat", "currency", "steps", "step_period"]
        fields += ["starts_at", "ends_at"]
        help_texts = {
            "affiliate": "Empty: for all affiliates.",
            "group": "Empty: for all groups. An affiliate's own rate comes before the group's.",
            "step_period": "In which a sale was approved, by calendar.",
            "product": "Empty: for all products.",
            "discount": "Only for sales with this code. Empty: for sales with and without a code.",
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
            rate, steps = self.unsaved(), self.cleaned_data["steps"]
            if problem := rate_problem(rate, steps):
                raise forms.ValidationError(problem)
            self._confirm_large_change(rate, steps)
        return self.cleaned_data

    def clean_steps(self) -> list[RateStep]:
        """One unsaved step per line; a line that can't be read is named."""
        lines = [line.strip() for line in self.cleaned_data["steps"].splitlines() if line.strip()]
        if len(lines) > MOST_STEPS:
            raise forms.ValidationError(f"A rate has at most {MOST_STEPS} steps.")
        flat = self.cleaned_data.get("flat")
        return [_read_step(line, flat.currency if flat else "") for line in lines]

    def _post_clean(self) -> None:
        """Skips Django's check of the constraints: setting a rate ends the one it replaces."""

    def _confirm_large_change(self, rate: Rate, steps: list[RateStep]) -> None:
        """Asks for confirmation of a change by more than half, at once or by the last step, or between a percentage and
        a flat amount, which can't be compared."""
        for step in steps:
            step.rate = rate
        terms = ", ".join([rate.terms, *map(str, steps)])
        top = steps[-1] if steps else rate
        last = Rate(percent=top.percent, flat_minor=top.flat_minor, currency=rate.currency)
        before = rate_for(
            affiliate=rate.affiliate,
            group=rate.group,
            product=rate.product,
            discounts=[rate.discount] if rate.discount else [],
            currency=rate.currency or program_currency(),
            moment=rate.starts_at,
        )
        whole = f"{terms} for {rate.target}"
        is_far = rate.is_far_from(before) or last.is_far_from(before)
        if is_far and self.data.get("rate_confirmed") != whole:
            changes = f"The commission changes from {before.terms} to {terms}."
            raise confirmation_error(changes, box="rate_confirmed", value=whole, answer=f"set {whole}")

    def unsaved(self) -> Rate:
        values = self.cleaned_data
        flat = values["flat"]
        return Rate(
            affiliate=values["affiliate"],
            group=values["group"],
            product=values["product"],
            discount=values["discount"],
            percent=values["percent"],
            step_period=values["step_period"] if values["steps"] else "",
            flat_minor=None if flat is None else flat.minor,
            currency=flat.currency if flat else "",
            starts_at=values["starts_at"] or timezone.now(),
            ends_at=values["ends_at"],
        )


def _read_step(line: str, currency: str) -> RateStep:
    """`20 35`, `20: 35%`, or with an amount of the currency. Raises `ValidationError`."""
    found = WRITTEN_STEP.fullmatch(line)
    if found is None:
        raise forms.ValidationError(f"“{line}” is not a step. Enter the sales and the rate, such as {EXAMPLE}.")
    sales, value = int(found[1]), found[2]
    try:
        if currency:
            return RateStep(from_sales=sales, flat_minor=parse_money(value, currency).minor)
        percent = Decimal(value)
        if percent.is_finite() and percent == round(percent, 2):
            return RateStep(from_sales=sales, percent=percent)
    except (InvalidOperation, NotAnAmount):
        pass
    raise forms.ValidationError(f"“{value}” in “{line}” is not {'an amount' if currency else 'a percentage'}.")


@admin.register(Rate)
class RateAdmin(admin.ModelAdmin[Rate]):
    form = RateForm
    list_display = [
        "terms",
        "step_terms",
        "affiliate",
        "group",
        "product",
        "discount",
        "starts_at",
        "ends_at",
        "created_by",
    ]
    list_filter = ["starts_at"]
    list_select_related = ["affiliate__user", "group", "product", "discount", "created_by"]
    search_fields = ["affiliate__code", "group__name", "product__name", "discount__code"]
    autocomplete_fields = ["affiliate"]
    fields: ClassVar[Any] = RateForm.Meta.fields
    actions = ["end"]

    def get_fields(self, request: HttpRequest, obj: Rate | None = None) -> Any:
        shown = ["terms", "step_terms", "target", "starts_at", "ends_at", "created_at", "created_by"]
        return self.fields if obj is None else shown

    @admin.display(description="steps", empty_value="–")
    def step_terms(self, rate: Rate) -> str:
        return rate.step_terms

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
            group=values["group"],
            product=values["product"],
            discount=values["discount"],
            percent=values["percent"],
            flat=values["flat"],
            steps=values["steps"],
            step_period=values["step_period"],
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
        for rate in queryset.select_related("affiliate", "group", "product", "discount"):
            try:
                ended += end_rate(rate=rate, actor=acting_user(request))
            except ActionRefused as refusal:
                self.message_user(request, f"{rate}: {refusal}", messages.ERROR)
        self.message_user(request, f"{ended} ended. Earlier orders keep their rate.")
