"""The forms of the affiliate's profile."""

from __future__ import annotations

from typing import Any

from django import forms

from affiliates.models import Affiliate, LegalDetails
from privacy.encryption.email_field import EmailAddressField
from privacy.web.personal_data_form import PersonalDataForm
from shop.paypal.request_bodies import RECEIVER, is_payable

from .application_forms import WebsiteInput, website_as_typed
from .own_code import LONGEST, SHORTEST


class DetailsForm(PersonalDataForm, forms.Form):
    stores = Affiliate

    name = forms.CharField(max_length=150)
    website = forms.CharField(max_length=300, required=False, widget=WebsiteInput)

    def clean_website(self) -> str:
        website: str = self.cleaned_data["website"].strip()
        return website_as_typed(website) if website else ""


class LegalDetailsForm(PersonalDataForm, forms.Form):
    """Both or, to delete them, neither."""

    stores = LegalDetails

    name = forms.CharField(
        label="Legal name",
        max_length=200,
        required=False,
        help_text="Of the person or company that pays tax on what we pay you.",
    )
    address = forms.CharField(
        label="Postal address",
        max_length=500,
        required=False,
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text="Street, city, postal code and country.",
    )

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        if {"name", "address"} <= given.keys() and bool(given["name"]) != bool(given["address"]):
            missing = "address" if given["name"] else "name"
            self.add_error(missing, "Enter both, or clear both to delete what you entered before.")
        return given


class OwnCodeForm(forms.Form):
    code = forms.CharField(
        label="New code",
        max_length=100,
        help_text=f"{SHORTEST} to {LONGEST} letters and digits, with hyphens between words. Your links show it to all.",
        error_messages={
            "required": "Enter the code that you want.",
            "max_length": f"Use {SHORTEST} to {LONGEST} characters.",
        },
    )


class NotificationsForm(forms.ModelForm[Affiliate]):
    class Meta:
        model = Affiliate
        fields = ["mail_sales", "mail_payouts", "mail_monthly", "mail_news"]
        labels = {
            "mail_sales": "Each sale",
            "mail_payouts": "Payouts made or returned",
            "mail_monthly": "A summary at the beginning of each month",
            "mail_news": "Announcements about the program",
        }


class PayPalAddressField(EmailAddressField):
    """An address that PayPal accepts as the receiver of a payout."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"max_length": RECEIVER, **options})

    def clean(self, value: Any) -> Any:
        address = super().clean(value)
        if address and not is_payable(address):
            raise forms.ValidationError(
                "PayPal can't pay to this address, because it is too long or has letters like ü or 李 before the @."
            )
        return address


class PayoutEmailForm(forms.Form):
    email = PayPalAddressField(
        label="PayPal address",
        help_text="As PayPal knows it. What nobody accepts there returns to us in 30 days.",
    )


class CloseForm(forms.Form):
    sure = forms.BooleanField(
        label="I want to close my account. This can't be undone.",
        error_messages={"required": "Please check this box to close the account."},
    )


class AcceptForm(forms.Form):
    accept = forms.BooleanField(
        label="I accept these terms",
        error_messages={"required": "Please check this box to accept the terms."},
    )
    version = forms.IntegerField(widget=forms.HiddenInput)
