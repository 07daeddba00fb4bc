"""The checkout form. What is paid never comes from the browser."""

from __future__ import annotations

from typing import Any

from django import forms

from privacy.encryption.normalization import normalise_phone
from shop.models import Order, Product
from shop.money import Money
from shop.signals import code_entered

AUTOCOMPLETE = {"name": "name", "email": "email", "phone": "tel", "address": "street-address"}


class CheckoutForm(forms.ModelForm[Order]):
    """Asks for no more than the product needs."""

    code = forms.CharField(
        label="Partner's code",
        required=False,
        max_length=500,  # some paste the whole link
        help_text="If somebody recommended us and gave you a code.",
    )
    # Only compared with the price, which the buyer then reads before PayPal is reached; never the price itself.
    price_seen = forms.CharField(required=False, max_length=40, widget=forms.HiddenInput)

    class Meta:
        model = Order
        fields = ["name", "email", "phone", "address"]
        help_texts = {
            "email": "We send the receipt and the link to your order there,"
            " and notices of changes to our privacy policy. Nothing else.",
            "phone": "Only if we may call you about this order; we use it for nothing else."
            " Outside our country, begin with + and the country's code.",
            "address": "Only if something of this order has to reach you there; we use it for nothing else.",
        }
        widgets = {"address": forms.Textarea(attrs={"rows": 4})}

    def __init__(self, *args: Any, product: Product, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["price_seen"].initial = str(product.price)
        for name, asked in {"phone": product.asks_phone, "address": product.asks_address}.items():
            if not asked:
                del self.fields[name]
        self.fields["name"].required = self.fields["email"].required = True
        for name in AUTOCOMPLETE.keys() & self.fields.keys():
            self.fields[name].widget.attrs["autocomplete"] = AUTOCOMPLETE[name]

    def ask_again(self, price: Money) -> None:
        """The same form, with what was typed, for another price than the one that the buyer saw."""
        self.data = {**self.data.dict(), "price_seen": str(price)}  # type: ignore[attr-defined]  # a request's fields

    def clean_phone(self) -> str:
        phone: str = self.cleaned_data["phone"] or ""
        try:
            return normalise_phone(phone) if phone else ""
        except ValueError:
            raise forms.ValidationError(
                "We can't read this as a telephone number. Please write it with its area code, and, outside our"
                " country, with + and the country's code, such as +49 30 1234567. Or leave it empty."
            ) from None

    def clean_address(self) -> str:
        return self.cleaned_data["address"] or ""

    def clean_code(self) -> str:
        code: str = self.cleaned_data["code"].strip()
        if code and not any(known for _, known in code_entered.send(CheckoutForm, code=code)):
            raise forms.ValidationError("We don't know this code. Please check it, or leave the field empty.")
        return code
