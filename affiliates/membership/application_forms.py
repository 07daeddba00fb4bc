"""The forms to apply as an affiliate."""

from __future__ import annotations

from django import forms
from django.core.validators import URLValidator

from affiliates.models import Application
from privacy.encryption.email_field import EmailAddressField
from privacy.web.honeypot import HoneypotField
from privacy.web.personal_data_form import PersonalDataForm


class WebsiteInput(forms.TextInput):
    """Takes `example.com`, which browsers refuse in a field of the type `url`."""

    def __init__(self) -> None:
        super().__init__({"inputmode": "url", "autocapitalize": "none", "spellcheck": "false"})


def website_as_typed(text: str) -> str:
    """The website's address as typed, with `https://` added if missing. Only checks the syntax. Raises
    `ValidationError`."""
    website = text.strip()
    address = website if "://" in website else f"https://{website}"
    URLValidator(schemes=["http", "https"], message="This doesn't look like the address of a website.")(address)
    return address


class ApplicationForm(PersonalDataForm, forms.ModelForm[Application]):
    terms = forms.BooleanField(
        label="I accept the terms of the affiliate program",
        error_messages={"required": "Please read and accept the terms."},
    )

    extra = HoneypotField()

    class Meta:
        model = Application
        fields = ["name", "email", "website", "message"]
        help_texts = {
            "email": "We answer to this address. If we accept you, you sign in with it.",
            "website": "Where you would recommend us, such as example.com.",
            "message": "Anything else you would like us to know.",
        }
        widgets = {
            "website": WebsiteInput,
            "message": forms.Textarea(attrs={"rows": 5}),
        }

    def clean_website(self) -> str:
        return website_as_typed(self.cleaned_data["website"])


class AskForLinkForm(forms.Form):
    """Asks for an address. The answer never reveals whether somebody applied with it."""

    email = EmailAddressField(label="Email address")
