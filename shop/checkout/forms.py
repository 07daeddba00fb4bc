"""The checkout form. The price never comes from the browser."""

from __future__ import annotations

from typing import Any

from django import forms

from privacy.encryption.normalization import normalize_phone
from privacy.web.personal_data_form import PersonalDataForm
from shop.models import Order, Product, ShopTerms
from shop.signals import code_entered


class AffiliateCodeField(forms.CharField):
    """An affiliate's code, or nothing."""

    def __init__(self, **options: Any) -> None:
        own: dict[str, Any] = {"label": "Affiliate code", "help_text": "If an affiliate gave you a code."}
        super().__init__(required=False, max_length=500, **(own | options))  # some paste the whole link

    def clean(self, value: Any) -> str:
        code: str = super().clean(value).strip()
        if code and not any(known for _, known in code_entered.send(type(self), code=code)):
            raise forms.ValidationError("This code doesn't exist. Please check it, or leave the field empty.")
        return code


class CheckoutForm(PersonalDataForm, forms.ModelForm[Order]):
    """Asks only for what the product needs."""

    code = AffiliateCodeField()
    # Only compared with what is current, so that a buyer sees a change before paying; never used as price or terms.
    price_seen = forms.CharField(required=False, max_length=40, widget=forms.HiddenInput)
    terms_seen = forms.CharField(required=False, max_length=100, widget=forms.HiddenInput)

    class Meta:
        model = Order
        fields = ["name", "email", "phone", "address"]
        help_texts = {
            "email": "For the receipt and the link to your order,"
            " and notices of changes to our privacy policy. Nothing else unless you ask for it.",
            "phone": "Only if we may call you about this order. We don't use it for anything else."
            " Outside our country, start with + and the country code.",
            "address": "Only if part of this order must be delivered there. We don't use it for anything else.",
        }
        widgets = {"address": forms.Textarea(attrs={"rows": 4})}

    def __init__(self, *args: Any, product: Product, terms: list[ShopTerms], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        numbers = " ".join(f"{version.document}-{version.number}" for version in terms)
        self.current = {"price_seen": str(product.price), "terms_seen": numbers or "none"}
        for name, value in self.current.items():
            self.fields[name].initial = value
        for name, asked in {"phone": product.asks_phone, "address": product.asks_address}.items():
            if not asked:
                del self.fields[name]
        self.fields["name"].required = self.fields["email"].required = True

    @property
    def outdated(self) -> list[str]:
        """The fields that show what has changed since the buyer saw the form, or that the buyer has not seen."""
        return [name for name, now in self.current.items() if self.cleaned_data[name] != now]

    @property
    def details(self) -> dict[str, Any]:
        """What the buyer entered."""
        return {name: value for name, value in self.cleaned_data.items() if name not in self.current}

    def ask_again(self) -> None:
        """Shows the form again with its content, under the current price and terms."""
        self.data = {**self.data.dict(), **self.current}  # type: ignore[attr-defined]  # a request's fields

    def clean_phone(self) -> str:
        phone = super().clean_phone()
        return normalize_phone(phone) if phone else ""

    def clean_address(self) -> str:
        return self.cleaned_data["address"] or ""
