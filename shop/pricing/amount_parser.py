"""Parses amounts as people type them: `69.95`, `$1,234.50`. What the currency can't hold is refused, never rounded.

A decimal comma (`69,95`) is refused as well: read as a thousands separator it would be a hundred times as much.
"""

from __future__ import annotations

import re
import unicodedata

from shop.money import Money, decimals

LARGEST = 2_147_483_647  # minor units: the range of the database column
LONGEST = 40  # characters

_MARKS = {"$": {"AUD", "CAD", "HKD", "MXN", "NZD", "SGD", "TWD", "USD"}, "€": {"EUR"}, "£": {"GBP"}}
_MARKS |= {"¥": {"CNY", "JPY"}, "US$": {"USD"}}
_SIGNS = {0x2212: "-", 0x2019: "'"}  # typographic minus and apostrophe
_MARK = r"US\$|[$€£¥]|[A-Za-z]{3}"
_TYPED = re.compile(rf"([-+]?)\s*({_MARK})?\s*([-+]?)\s*([0-9.,][0-9.,' ]*?)\s*({_MARK})?")
_THOUSANDS = re.compile(r"[1-9][0-9]{0,2}(?:(?:,[0-9]{3})+|(?:[' ][0-9]{3})+)")
_NUMBER = re.compile(r"([0-9,' ]*)(?:\.([0-9]+))?")


class NotAnAmount(ValueError):
    """The input is not an amount in this currency; the text says why."""


class AmountTooHigh(NotAnAmount):
    """It is an amount, but more than the database column holds."""


def parse_money(text: str, currency: str) -> Money:
    """The exact amount. Raises `NotAnAmount`."""
    plain = unicodedata.normalize("NFKC", text).translate(_SIGNS).strip()
    found = _TYPED.fullmatch(plain) if len(plain) <= LONGEST else None
    if found is None or (found[1] and found[3]):
        raise _unreadable(currency)
    for mark in filter(None, (found[2], found[5])):
        if currency not in _MARKS.get(mark, {mark.upper()}):
            raise NotAnAmount(f"This amount is in {currency}, not in {mark}.")
    number = _NUMBER.fullmatch(found[4])
    if number is None or not any(number.groups()):
        raise _unreadable(currency)
    whole, fraction = number[1] or "0", number[2] or ""
    if not (whole.isdigit() or _THOUSANDS.fullmatch(whole)):
        raise _unreadable(currency)
    if len(fraction) > decimals(currency):
        raise NotAnAmount(_too_fine(currency))
    minor = int(re.sub("[,' ]", "", whole) + fraction.ljust(decimals(currency), "0"))
    if minor > LARGEST:
        raise AmountTooHigh(f"The highest possible amount is {Money(LARGEST, currency)}.")
    return Money(-minor if "-" in {found[1], found[3]} else minor, currency)


def example(currency: str) -> str:
    """An amount in this currency as one would type it: `69.95`, `6995`."""
    return f"{Money(6995, currency).amount:f}"


def _unreadable(currency: str) -> NotAnAmount:
    with_thousands = f"{Money(123495, currency).amount:,f}"
    return NotAnAmount(f"Enter an amount in {currency}, such as {with_thousands}: a comma only before three digits.")


def _too_fine(currency: str) -> str:
    places = decimals(currency)
    if not places:
        return f"{currency} has no decimals. Enter a whole amount, such as {example(currency)}."
    return f"{currency} has at most {places} digits after the decimal point, such as {example(currency)}."
