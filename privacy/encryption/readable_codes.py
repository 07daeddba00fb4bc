"""Random codes that people read aloud and type: references, affiliate codes, license keys, recovery codes."""

from __future__ import annotations

import secrets

SYMBOLS = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"  # without look-alikes: no 0, 1, I, L, O


def random_code(length: int) -> str:
    """A random code of `length` symbols, 4.95 bits each."""
    return "".join(secrets.choice(SYMBOLS) for _ in range(length))
