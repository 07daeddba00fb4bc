"""License keys: unguessable, with a check symbol against typos.

Five groups of five symbols out of 31 unambiguous letters and digits (no 0, 1, I, L, O). 24 symbols are random (118
bits), the last one is a check symbol. 31 is prime, so a weighted sum detects every wrong symbol and every
transposition.
"""

from __future__ import annotations

from privacy.encryption.readable_codes import SYMBOLS, random_code

RANDOM = 24
GROUP = 5
SHORTEST_KEY = 8  # characters of a key that a former shop made: none is guessed, nor taken for a word


class NotALicenseKey(ValueError):
    """The input can't be a license key; the message says why, without quoting it."""


def new_license_key() -> str:
    """`XXXXX-XXXXX-XXXXX-XXXXX-XXXXX`."""
    body = random_code(RANDOM)
    return _grouped(body + _check_symbol(body))


def canonical_license_key(typed: str) -> str:
    """The key as issued, from any spelling: lowercase, spaces, missing hyphens. Raises `NotALicenseKey`."""
    symbols = "".join(typed.upper().replace("-", "").split())
    if len(symbols) != RANDOM + 1 or not set(symbols) <= set(SYMBOLS):
        raise NotALicenseKey("A license key has 25 letters and digits, never 0, 1, I, L or O.")
    if _check_symbol(symbols[:RANDOM]) != symbols[RANDOM]:
        raise NotALicenseKey("This license key contains a typo.")
    return _grouped(symbols)


def _check_symbol(body: str) -> str:
    weighted = sum(weight * SYMBOLS.index(symbol) for weight, symbol in enumerate(body, start=1))
    return SYMBOLS[weighted % len(SYMBOLS)]


def _grouped(symbols: str) -> str:
    return "-".join(symbols[start : start + GROUP] for start in range(0, len(symbols), GROUP))
