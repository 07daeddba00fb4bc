"""A field that programs fill in and people never meet. Whoever fills it in is held for staff, never dropped.

Its name means nothing to a browser's autofill, and `_trap.html` takes it out of the page by the style sheet: a field
that is not displayed is filled in by no browser, reached by no key and read by no screen reader. Without the style
sheet its label asks to leave it empty.
"""

from __future__ import annotations

from typing import Any

from django import forms


class TrapField(forms.CharField):
    """Called `extra` in every form. True where something was filled in."""

    def __init__(self) -> None:
        super().__init__(
            label="Leave this empty", required=False, widget=forms.TextInput(attrs={"autocomplete": "off"})
        )

    def clean(self, value: Any) -> bool:
        """Whatever it is, it is no mistake: a person could not find the field to correct it."""
        return bool(value)
