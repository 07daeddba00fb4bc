"""The admin form of a product. A price that changes by more than half, or comes or goes, needs confirmation."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile

from shop.models import Product
from shop.money import Money
from shop.pricing.large_change import confirmation_error, is_far

NO_PRICE = "no price (a quote)"


class ProductForm(forms.ModelForm[Product]):
    documentation_url = forms.URLField(label="Documentation", required=False, assume_scheme="https")

    class Meta:
        model = Product
        fields = ["price_minor", "currency"]  # the admin's fieldsets name the others
        help_texts = {"price_minor": "For example 69.95. Without a price, the page offers a quote."}

    def clean(self) -> dict[str, Any] | None:
        values = super().clean()
        if not self.errors and not self.instance._state.adding:
            self._confirm_large_change()
        return values

    def _confirm_large_change(self) -> None:
        minor = self.cleaned_data["price_minor"]
        price = None if minor is None else Money(minor, self.cleaned_data["currency"])
        stored = Product.objects.filter(pk=self.instance.pk).first()
        before = stored.price if stored else None
        value = str(price or NO_PRICE)
        if is_far(price, before) and self.data.get("price_confirmed") != value:
            answer = f"sell it for {price}" if price else "offer a quote instead"
            changes = f"The price changes from {before or NO_PRICE} to {value}."
            if self.files:
                chosen = ", ".join(file.name or "" for file in self.files.values() if isinstance(file, UploadedFile))
                changes += f" Please also choose the file again: {chosen}."
            self.add_error(
                "price_minor", confirmation_error(changes, box="price_confirmed", value=value, answer=answer)
            )
