"""Exercising a right."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.validators import MaxLengthValidator

from .models import PrivacyRequest

DETAILS_LIMIT = 20_000  # characters, as many as a message on the contact page


class PrivacyRequestForm(forms.ModelForm[PrivacyRequest]):
    class Meta:
        model = PrivacyRequest
        fields = ["kind", "email", "details"]
        labels = {"kind": "What would you like?", "email": "Your e-mail address", "details": "Anything we should know"}
        help_texts = {
            "email": "The address you used with us. We send a link there, to be sure that it is you.",
            "details": "For a correction: what is wrong. For a complaint: what happened.",
        }
        widgets = {"kind": forms.RadioSelect, "details": forms.Textarea(attrs={"rows": 4})}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"].required = True
        self.fields["email"].widget.attrs["autocomplete"] = "email"
        self.fields["details"].required = False
        self.fields["details"].validators.append(MaxLengthValidator(DETAILS_LIMIT))
        self.fields["kind"].initial = PrivacyRequest.Kind.ACCESS
        # No empty choice among the radio buttons: one of them is ticked from the start.
        setattr(self.fields["kind"], "choices", PrivacyRequest.Kind.choices)  # noqa: B010 (mypy sees a plain Field)
