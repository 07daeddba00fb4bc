"""Amounts of money: typed and shown as `69.95` with the currency beside it, stored as integer minor units."""

from __future__ import annotations

from typing import Any, TypeVar, cast

from django import forms
from django.db import models
from django.forms.boundfield import BoundField

from privacy.encryption.computed_fields import ComputedField
from shop.money import CURRENCIES, Money
from shop.pricing.amount_parser import NotAnAmount, example, parse_money

_Set = TypeVar("_Set")
_Get = TypeVar("_Get")


class MoneyInput(forms.TextInput):
    """A text box with the currency after it. Screen readers get it as the box's description."""

    template_name = "shop/widgets/money.html"
    currency = ""

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        given = context["widget"]["attrs"]
        if self.currency and given.get("id"):
            unit = f"{given['id']}_currency"
            given["aria-describedby"] = " ".join(filter(None, [unit, given.get("aria-describedby")]))
        context["widget"]["currency"] = self.currency
        return context


class MoneyFormField(forms.Field):
    """Cleans to `Money`, or to None if it is optional and empty; with `minor_units`, to the integer that models store.

    The currency is `currency`, shown beside the box, or that of `currency_field`: a field of the form, shown by itself,
    or else an attribute of the form's instance. An integer initial value is in minor units, as models store it.
    """

    widget = MoneyInput

    def __init__(
        self,
        *,
        currency: str = "",
        currency_field: str = "",
        negative: bool = False,
        minor_units: bool = False,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self.currency, self.currency_field = currency, currency_field
        self.negative, self.minor_units = negative, minor_units
        self.widget.attrs |= {"inputmode": "text" if negative else "decimal", "autocomplete": "off", "size": "12"}

    def get_bound_field(self, form: forms.BaseForm, field_name: str) -> BoundField:
        """Django calls this before rendering or cleaning the field, so the currency is read from the form here."""
        if self.currency_field in form.fields:
            self.currency = str(form[self.currency_field].value() or "")
        else:
            if self.currency_field:
                self.currency = getattr(getattr(form, "instance", None), self.currency_field, "")
            self.widget.currency = self.currency
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
        if money.minor == 0:
            raise forms.ValidationError(f"Enter an amount other than zero, such as {example(self.currency)}.")
        if money.minor < 0 and not self.negative:
            raise forms.ValidationError(
                f"Enter an amount in {self.currency} above zero, such as {example(self.currency)}."
            )
        return money

    def clean(self, value: Any) -> Any:
        money = super().clean(value)
        return money.minor if money and self.minor_units else money

    def has_changed(self, initial: Any, data: Any) -> bool:
        shown = self.prepare_value(initial)
        return super().has_changed(None if shown is None else self.to_python(shown), data)


class _MinorUnits(ComputedField):
    """An amount in minor units (cents for USD) of the currency in the column `currency_field`.

    Pages show it with `in_words`, forms with `MoneyFormField`. A migration contains Django's own integer field.
    """

    negative = False

    def __init__(self, *args: Any, currency_field: str = "currency", **options: Any) -> None:
        self.currency_field = currency_field
        super().__init__(*args, **options)

    def formfield(self, **options: Any) -> Any:
        """Replaces the admin's widget for integers too."""
        own = {"form_class": MoneyFormField, "widget": MoneyInput, "negative": self.negative, "minor_units": True}
        currency_field = options.pop("currency_field", self.currency_field)
        return models.Field.formfield(cast(Any, self), **(options | own), currency_field=currency_field)

    def in_words(self, value: int | None, row: models.Model) -> str:
        """The amount for people, "$69.95"; empty for None."""
        return "" if value is None else str(Money(value, getattr(row, self.currency_field)))


class MinorUnitsField(_MinorUnits, models.PositiveIntegerField[_Set, _Get]):
    pass


class SignedMinorUnitsField(_MinorUnits, models.IntegerField[_Set, _Get]):
    negative = True


class BigMinorUnitsField(_MinorUnits, models.PositiveBigIntegerField[_Set, _Get]):
    pass
