"""Licence keys: unguessable, and typed without mistakes.

Five groups of five symbols out of 31: letters and digits that nobody confuses (no 0, 1, I, L, O). 24 symbols are
random (118 bits), the last one is a check. 31 is a prime, so a weighted sum notices every wrong symbol and every two
that changed places.
"""

from __future__ import annotations

from privacy.encryption.readable_codes import SYMBOLS, random_code

RANDOM = 24
GROUP = 5


class NotALicenceKey(ValueError):
    """What was typed can't be a key; the message says what is wrong, without quoting it."""


def new_licence_key() -> str:
    """`XXXXX-XXXXX-XXXXX-XXXXX-XXXXX`."""
    body = random_code(RANDOM)
    return _grouped(body + _check_symbol(body))


def canonical_licence_key(typed: str) -> str:
    """The key as it was issued, however it was typed: small letters, blanks, no hyphens. Raises `NotALicenceKey`."""
    symbols = "".join(typed.upper().replace("-", "").split())
    if len(symbols) != RANDOM + 1 or not set(symbols) <= set(SYMBOLS):
        raise NotALicenceKey("A licence key has 25 letters and digits, never 0, 1, I, L or O.")
    if _check_symbol(symbols[:RANDOM]) != symbols[RANDOM]:
        raise NotALicenceKey("There is a typing mistake in this licence key.")
    return _grouped(symbols)


def _check_symbol(body: str) -> str:
    weighted = sum(weight * SYMBOLS.index(symbol) for weight, symbol in enumerate(body, start=1))
    return SYMBOLS[weighted % len(SYMBOLS)]


def _grouped(symbols: str) -> str:
    return "-".join(symbols[start : start + GROUP] for start in range(0, len(symbols), GROUP))
