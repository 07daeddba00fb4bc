"""The checkout form. No price, amount or currency ever comes from the browser."""

from __future__ import annotations

from typing import Any

from django import forms

from .models import Order
from .signals import code_entered


class CheckoutForm(forms.ModelForm[Order]):
    code = forms.CharField(
        label="Partner's code",
        required=False,
        max_length=64,
        help_text="If somebody recommended us and gave you a code.",
    )

    class Meta:
        model = Order
        fields = ["name", "email"]
        help_texts = {"email": "For the receipt and the link to your order, and for nothing else."}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"].required = self.fields["email"].required = True
        self.fields["name"].widget.attrs["autocomplete"] = "name"
        self.fields["email"].widget.attrs["autocomplete"] = "email"

    def clean_code(self) -> str:
        code: str = self.cleaned_data["code"].strip()
        if code and not any(known for _, known in code_entered.send(CheckoutForm, code=code)):
            raise forms.ValidationError("We don't know this code. Please check it, or leave the field empty.")
        return code
