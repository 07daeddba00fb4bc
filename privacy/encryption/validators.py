"""Detection of payment card numbers: 13 to 19 digits in a card network's range with a valid check digit."""

from __future__ import annotations

import re

from django.core.exceptions import ValidationError

# Grouped or not. Card numbers start with 2 to 6; an adjacent digit, letter, + or point makes it something else. None
# starts with 20, but dates with their time do, as in "Screenshot from 2026-11-29 13-05-08".
_CANDIDATE = re.compile(r"(?<![\w+.])(?!2[ -]?0)[2-6](?:[ -]?\d){12,18}(?![\w.]\w|\w)")


def has_card_number(text: str) -> bool:
    return any(_fits(re.sub(r"\D", "", found)) for found in _CANDIDATE.findall(text))


def mask_card_numbers(text: str) -> str:
    """`text` with an asterisk for each digit of a card number. For text that can't be refused, such as mail."""
    return _CANDIDATE.sub(_masked, text)


def validate_no_card_number(text: str) -> None:
    """For everything that people type and that is kept. Raises `ValidationError`."""
    if has_card_number(text):
        raise ValidationError("This looks like a payment card number. Please remove it: we never want to see it.")


def _fits(digits: str) -> bool:
    """The Luhn check (ISO/IEC 7812-1)."""
    doubled = "0246813579"
    from_the_right = digits[::-1]
    return sum(int(doubled[int(d)] if place % 2 else d) for place, d in enumerate(from_the_right)) % 10 == 0


def _masked(found: re.Match[str]) -> str:
    return re.sub(r"\d", "*", found[0]) if _fits(re.sub(r"\D", "", found[0])) else found[0]
