"""What affiliates type on their profile. Steps that move money or end things ask for the password again."""

from __future__ import annotations

from typing import Any

from django import forms

from accounts.models import User
from privacy.addresses.form_field import EmailAddressField

from .forms import website_as_typed
from .models import Affiliate
from .payout_preview import LONGEST_RECEIVER, is_receiver


class DetailsForm(forms.Form):
    name = forms.CharField(max_length=150, widget=forms.TextInput(attrs={"autocomplete": "name"}))
    website = forms.CharField(
        max_length=300, required=False, widget=forms.URLInput(attrs={"placeholder": "https://", "autocomplete": "url"})
    )

    def clean_website(self) -> str:
        website: str = self.cleaned_data["website"].strip()
        return website_as_typed(website) if website else ""


class NotificationsForm(forms.ModelForm[Affiliate]):
    class Meta:
        model = Affiliate
        fields = ["mail_sales", "mail_payouts", "mail_monthly"]
        labels = {
            "mail_sales": "Each sale that I bring",
            "mail_payouts": "My payouts: made, or come back",
            "mail_monthly": "A summary at the beginning of each month",
        }


class PasswordAgainForm(forms.Form):
    """Whoever sits at an open browser need not be its owner."""

    password = forms.CharField(
        label="Your password",
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
        help_text="To be sure that it is you.",
    )
    field_order = ("email", "password")

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user

    def clean_password(self) -> str:
        password: str = self.cleaned_data["password"]
        if not self.user.check_password(password):
            raise forms.ValidationError("This is not your password. Please check it.", code="wrong_password")
        return password


class PayPalAddressField(EmailAddressField):
    """An address that PayPal accepts as the receiver of a payout."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"max_length": LONGEST_RECEIVER, **options})

    def clean(self, value: Any) -> Any:
        address = super().clean(value)
        if address and not is_receiver(address):
            raise forms.ValidationError(
                "PayPal can't pay to this address: it is too long, or has letters like ü or 李 before the @."
            )
        return address


class PayoutEmailForm(PasswordAgainForm):
    email = PayPalAddressField(label="New PayPal address")


class CloseForm(PasswordAgainForm):
    sure = forms.BooleanField(
        label="I want to close my account. This can't be undone.",
        error_messages={"required": "Please tick this to close the account."},
    )
    field_order = ("sure", "password")


class AcceptForm(forms.Form):
    accept = forms.BooleanField(
        label="I accept these terms",
        error_messages={"required": "Please tick this to accept, or leave: nothing changes until you do."},
    )
    version = forms.IntegerField(widget=forms.HiddenInput)
