"""The admin form of a product. A price change of more than half needs confirmation."""

from __future__ import annotations

from typing import Any

from django import forms

from shop.models import Product
from shop.money import Money
from shop.pricing.form_fields import MoneyField
from shop.pricing.large_change import confirmation_error


class ProductForm(forms.ModelForm[Product]):
    price_minor = MoneyField(
        label="Price",
        currency_field="currency",
        required=False,
        help_text="For example 69.95, in the currency below. Without a price, the page offers a quote.",
    )
    documentation_url = forms.URLField(label="Documentation", required=False, assume_scheme="https")

    class Meta:
        model = Product
        fields = ["price_minor", "currency"]  # the admin's fieldsets name the others

    def clean_price_minor(self) -> int | None:
        price: Money | None = self.cleaned_data["price_minor"]
        return price.minor if price else None

    def clean(self) -> dict[str, Any] | None:
        values = super().clean()
        if not self.errors and self._is_far_from_the_price_before() and not self._is_confirmed:
            self.add_error("price_minor", self._question())
        return values

    @property
    def _price(self) -> Money | None:
        minor = self.cleaned_data["price_minor"]
        return None if minor is None else Money(minor, self.cleaned_data["currency"])

    @property
    def _price_before(self) -> Money | None:
        stored = Product.objects.filter(pk=self.instance.pk).first()
        return stored.price if stored else None

    def _is_far_from_the_price_before(self) -> bool:
        before, price = self._price_before, self._price
        if before is None or price is None:
            return False
        return before.currency != price.currency or abs(price.minor - before.minor) * 2 > before.minor

    @property
    def _is_confirmed(self) -> bool:
        return self.data.get("price_confirmed") == str(self._price)

    def _question(self) -> forms.ValidationError:
        changes = f"The price changes from {self._price_before} to {self._price}."
        return confirmation_error(
            changes, box="price_confirmed", value=str(self._price), answer=f"sell it for {self._price}"
        )
