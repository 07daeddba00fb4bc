"""Random codes that people read out and type: references, affiliate codes, license keys, recovery codes."""

from __future__ import annotations

import secrets

SYMBOLS = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"  # without look-alikes: no 0, 1, I, L, O


def random_code(length: int) -> str:
    """`length` symbols of 4.95 bits each. It says nothing about how many there are."""
    return "".join(secrets.choice(SYMBOLS) for _ in range(length))
