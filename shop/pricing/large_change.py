"""A confirmation checkbox for large changes of a price or a rate."""

from __future__ import annotations

from django import forms
from django.utils.html import format_html


def confirmation_error(changes: str, *, box: str, value: str, answer: str) -> forms.ValidationError:
    """A validation error with a checkbox named `box` that confirms exactly this value."""
    return forms.ValidationError(
        format_html(
            '{} Is that right? <label><input type="checkbox" name="{}" value="{}"> Yes, {}</label>',
            *(changes, box, value, answer),
        )
    )
