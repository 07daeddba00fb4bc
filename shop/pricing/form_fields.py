"""The form field for amounts of money."""

from __future__ import annotations

from typing import Any

from django import forms
from django.forms.boundfield import BoundField
from django.forms.utils import pretty_name

from shop.money import CURRENCIES, Money

from .amount_parser import NotAnAmount, parse_money


class MoneyField(forms.Field):
    """Cleans to `Money`, or to None if it is optional and empty.

    The currency is `currency`, shown in the label, or the value of the form's field `currency_field`. An integer
    initial value is in minor units, as models store it.
    """

    def __init__(self, *, currency: str = "", currency_field: str = "", negative: bool = False, **options: Any) -> None:
        super().__init__(**options)
        self.currency, self.currency_field, self.negative = currency, currency_field, negative
        self.widget.attrs |= {"inputmode": "text" if negative else "decimal", "autocomplete": "off"}

    def get_bound_field(self, form: forms.BaseForm, field_name: str) -> BoundField:
        """Django calls this before rendering or cleaning the field, so the currency is read from the form here."""
        if self.currency_field in form.fields:
            self.currency = str(form[self.currency_field].value() or "")
        elif not self.currency_field:
            self.label = f"{self.label or pretty_name(field_name)} ({self.currency})"
        return super().get_bound_field(form, field_name)

    def prepare_value(self, value: Any) -> Any:
        if isinstance(value, int) and self.currency in CURRENCIES:
            value = Money(value, self.currency)
        return f"{value.amount:f}" if isinstance(value, Money) else value

    def to_python(self, value: Any) -> Money | None:
        text = str(value or "").strip()
        if not text:
            return None
        if self.currency not in CURRENCIES:
            raise forms.ValidationError("Choose the currency of this amount.")
        try:
            money = parse_money(text, self.currency)
        except NotAnAmount as problem:
            raise forms.ValidationError(str(problem)) from problem
        if money.minor < 0 and not self.negative:
            raise forms.ValidationError("Enter an amount above zero.")
        if money.minor == 0:
            raise forms.ValidationError("Enter an amount other than zero.")
        return money

    def has_changed(self, initial: Any, data: Any) -> bool:
        shown = self.prepare_value(initial)
        return super().has_changed(None if shown is None else self.to_python(shown), data)
