"""The budgets in the quote form: ranges between the bounds in `QUOTE_BUDGETS`, in the default currency."""

from __future__ import annotations

from itertools import pairwise

from django.conf import settings


def budgets() -> list[str]:
    """From the lowest range to the highest. The chosen one is stored as it is printed here."""
    bounds = [_whole_amount(bound) for bound in settings.QUOTE_BUDGETS]
    between = [f"{lower} to {upper}" for lower, upper in pairwise(bounds)]
    return [f"under {bounds[0]}", *between, f"over {bounds[-1]}"]


def budget_choices() -> list[tuple[str, str]]:
    """With a first choice for people who haven't decided."""
    return [("", "Not decided yet"), *((text, text[0].upper() + text[1:]) for text in budgets())]


def _whole_amount(units: int) -> str:
    """`$1,000` for US dollars, `1,000 EUR` for any other currency."""
    return f"${units:,}" if settings.CURRENCY == "USD" else f"{units:,} {settings.CURRENCY}"
