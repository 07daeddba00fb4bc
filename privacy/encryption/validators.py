"""What looks like the number of a payment card: 13 to 19 digits of a card network, with a check digit that fits."""

from __future__ import annotations

import re

from django.core.exceptions import ValidationError

# In groups or not. Networks' numbers begin with 2 to 6; a digit, letter, + or point before or after makes it another.
_CANDIDATE = re.compile(r"(?<![\w+.])[2-6](?:[ -]?\d){12,18}(?![\w.]\w|\w)")


def has_card_number(text: str) -> bool:
    return any(_fits(re.sub(r"\D", "", found)) for found in _CANDIDATE.findall(text))


def validate_no_card_number(text: str) -> None:
    """For everything that people type and that is kept. Raises `ValidationError`."""
    if has_card_number(text):
        raise ValidationError(
            "This looks like the number of a payment card. Please take it out: we never want to see it."
        )


def _fits(digits: str) -> bool:
    """ISO/IEC 7812-1: every second digit from the right is doubled, and the sum of all digits ends with 0."""
    doubled = "0246813579"
    from_the_right = digits[::-1]
    return sum(int(doubled[int(d)] if place % 2 else d) for place, d in enumerate(from_the_right)) % 10 == 0
