"""A confirmation checkbox for large changes of a price or a rate."""

from __future__ import annotations

from django import forms
from django.utils.html import format_html

from shop.money import Money


def is_far(amount: Money | None, before: Money | None) -> bool:
    """Whether the amounts differ by more than half of the one before; in another currency, or none, they always do."""
    if amount is None or before is None:
        return amount is not before
    return amount.currency != before.currency or abs(amount.minor - before.minor) * 2 > before.minor


def confirmation_error(changes: str, *, box: str, value: str, answer: str) -> forms.ValidationError:
    """A validation error with a checkbox named `box` that confirms exactly this value."""
    return forms.ValidationError(
        format_html(
            '<span class="asked">{} Is that right?'
            ' <label><input type="checkbox" name="{}" value="{}"> Yes, {}</label></span>',
            *(changes, box, value, answer),
        )
    )
