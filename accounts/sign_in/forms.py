"""Forms to sign in and to request a password reset, by email address."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpRequest

from accounts.models import User
from privacy.encryption.email_addresses import LONGEST
from privacy.encryption.email_field import EmailAddressField, EmailAddressInput

from .limits import authenticate_within_limits


class SignInForm(forms.Form):
    """Has the interface that Django's `LoginView` expects: takes a request, returns the user."""

    # Not validated, only matched: accounts older than a stricter address rule must not be locked out.
    email = forms.CharField(
        label="Email address", max_length=LONGEST, widget=EmailAddressInput({"autocomplete": "username"})
    )
    password = forms.CharField(strip=False, widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}))

    def __init__(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        self.request = request
        self.user: User | None = None
        super().__init__(*args, **kwargs)

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if cleaned.get("email") and cleaned.get("password"):
            self.user = authenticate_within_limits(self.request, email=cleaned["email"], password=cleaned["password"])
            if self.user is None:
                raise forms.ValidationError("That email address and password don't match. Please check both.")
        return cleaned

    def get_user(self) -> User | None:
        return self.user


class PasswordLinkForm(forms.Form):
    """Asks for an email address. The response doesn't reveal whether it has an account."""

    email = EmailAddressField(label="Email address")
