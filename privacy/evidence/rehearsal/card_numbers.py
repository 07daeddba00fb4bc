"""A payment card number that people enter where it doesn't belong, shared by probes of apps that may not import each
other."""

from __future__ import annotations

import secrets

from .canaries import CanaryKind
from .rehearsal import Rehearsal

CARD = "card number"
STRANGER = "somebody with a card"


def card_of(rehearsal: Rehearsal) -> str:
    """A valid card number of 16 digits, new in each run."""
    if CARD not in rehearsal.things:
        digits = "4" + "".join(secrets.choice("0123456789") for _ in range(14))
        rehearsal.things[CARD] = next(digits + last for last in "0123456789" if has_valid_end(digits + last))
        rehearsal.watch(in_groups(rehearsal.things[CARD]), STRANGER, CARD, CanaryKind.CARD, kept=False)
    card: str = rehearsal.things[CARD]
    return card


def has_valid_end(digits: str) -> bool:
    """The check digit of ISO/IEC 7812-1, implemented independently of the site's own code."""
    doubled = [int(digit) * (1 + place % 2) for place, digit in enumerate(reversed(digits))]
    return sum(value - 9 if value > 9 else value for value in doubled) % 10 == 0


def in_groups(card: str) -> str:
    return " ".join(card[at : at + 4] for at in range(0, 16, 4))
