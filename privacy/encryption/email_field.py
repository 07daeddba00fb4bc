"""The email address field of every form on this site."""

from __future__ import annotations

from typing import Any

from django import forms

from privacy.encryption.email_addresses import LONGEST, validate_address


class EmailAddressInput(forms.TextInput):
    """A text input with the email keyboard.

    Not `type="email"`: browsers would reject non-ASCII letters before the @ and rewrite the domain before we see them.
    """

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        plain = {"inputmode": "email", "autocapitalize": "none", "spellcheck": "false", "autocomplete": "email"}
        super().__init__({**plain, **(attrs or {})})


class EmailAddressField(forms.EmailField):
    """Accepts what `validate_address` accepts, and keeps it as typed, stripped of surrounding whitespace.

    Line breaks are rejected: browsers don't send them in single-line fields, so they come from programs.
    """

    widget = EmailAddressInput
    default_validators = [validate_address]  # noqa: RUF012 (as Django declares it)

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"max_length": LONGEST, **options})

    def to_python(self, value: Any) -> Any:
        if {"\n", "\r"} & set(value or ""):
            raise forms.ValidationError("Enter a valid email address on one line.", code="invalid")
        return super().to_python(value)
