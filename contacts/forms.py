"""The contact form, and the staff's answer."""

from __future__ import annotations

from typing import Any

from django import forms

from privacy.encryption.normalise import normalise_phone

from .models import Inquiry, Reply


class ContactForm(forms.ModelForm[Inquiry]):
    class Meta:
        model = Inquiry
        fields = ["kind", "name", "email", "phone", "address", "message"]
        help_texts = {
            "email": "We answer to this address, and use it for nothing else.",
            "phone": "Only if you want us to call you about this message.",
            "address": "Only if you want an answer or a quote by letter.",
        }
        widgets = {"address": forms.Textarea(attrs={"rows": 3}), "message": forms.Textarea(attrs={"rows": 8})}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field, token in {"name": "name", "email": "email", "phone": "tel", "address": "street-address"}.items():
            self.fields[field].widget.attrs["autocomplete"] = token

    def clean_phone(self) -> str:
        phone: str = self.cleaned_data["phone"].strip()
        if phone:
            self._check_phone(phone)
        return phone

    @staticmethod
    def _check_phone(phone: str) -> None:
        try:
            normalise_phone(phone)
        except ValueError:
            raise forms.ValidationError(
                "We can't read this as a telephone number. Please write it with its area code, or leave it empty."
            ) from None


class ReplyForm(forms.ModelForm[Reply]):
    class Meta:
        model = Reply
        fields = ["body"]
        labels = {"body": "Your answer"}
        help_texts = {"body": "Goes to the sender by e-mail as soon as you save."}
        widgets = {"body": forms.Textarea(attrs={"rows": 10, "cols": 80})}
