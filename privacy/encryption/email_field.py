"""The field for an e-mail address in every form of this site."""

from __future__ import annotations

from typing import Any

from django import forms

from privacy.encryption.email_addresses import LONGEST, validate_address


class EmailAddressInput(forms.TextInput):
    """A line with the keyboard for addresses.

    Not `type="email"`: browsers would refuse a letter beyond ASCII before the @, and rewrite the domain, before
    anything reaches us.
    """

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        plain = {"inputmode": "email", "autocapitalize": "none", "spellcheck": "false", "autocomplete": "email"}
        super().__init__({**plain, **(attrs or {})})


class EmailAddressField(forms.EmailField):
    """Accepts what `validate_address` accepts, and keeps it as typed, without surrounding space.

    No browser sends a line break in a field of one line, so text with one comes from a program, and is refused.
    """

    widget = EmailAddressInput
    default_validators = [validate_address]  # noqa: RUF012 (as Django declares it)

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"max_length": LONGEST, **options})

    def to_python(self, value: Any) -> Any:
        if {"\n", "\r"} & set(value or ""):
            raise forms.ValidationError("Enter a valid email address. It has to be on one line.", code="invalid")
        return super().to_python(value)
