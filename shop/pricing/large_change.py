"""The question that a form of the staff's asks before a price or a rate changes a lot."""

from __future__ import annotations

from django import forms
from django.utils.html import format_html


def question(changes: str, *, box: str, value: str, answer: str) -> forms.ValidationError:
    """A box, sent as the field `box`, that confirms this value and no other: whoever types another is asked again."""
    return forms.ValidationError(
        format_html(
            '{} Is that right? <label><input type="checkbox" name="{}" value="{}"> Yes, {}</label>',
            *(changes, box, value, answer),
        )
    )
