"""The honeypot field: bots fill it in, people never see it. Such messages are held for staff, never dropped.

Its name means nothing to autofill, and `_trap.html` hides it with CSS, so that browsers, keyboards and screen readers
skip it. Without CSS its label asks to leave it empty.
"""

from __future__ import annotations

from typing import Any

from django import forms


class HoneypotField(forms.CharField):
    """Named `extra` in every form. Its value is True if it was filled in."""

    def __init__(self) -> None:
        super().__init__(
            label="Leave this empty", required=False, widget=forms.TextInput(attrs={"autocomplete": "off"})
        )

    def clean(self, value: Any) -> bool:
        """Never invalid, because people couldn't see the field to correct it."""
        return bool(value)
