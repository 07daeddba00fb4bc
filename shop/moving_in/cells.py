"""What the cells of an export say: amounts, times, addresses and names, by the rules of the site's own forms. A cell
that breaks one is refused with its heading and the reason, never with its value."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from django.core.exceptions import ValidationError

from privacy.encryption.email_addresses import validate_address
from privacy.encryption.validators import has_card_number
from privacy.web.text_validation import clean_line, validate_one_line
from shop.money import CURRENCIES, Money, decimals
from shop.pricing.amount_parser import LARGEST, AmountTooHigh, NotAnAmount, parse_money

# Never taken over: what is stored about a visit here has an end, and what PayPal is for is never stored.
FORBIDDEN = {
    "ip": "network address",
    "ip address": "network address",
    "customer ip": "network address",
    "customer ip address": "network address",
    "user agent": "browser name",
    "customer user agent": "browser name",
    "referrer": "referring page",
    "referring url": "referring page",
    "card number": "card number",
    "bank account": "bank account",
    "iban": "bank account",
}
_PLAIN_NAME = re.compile(r"(?=.{1,64}\Z)[A-Za-z0-9_+-]+(?:\.[A-Za-z0-9_+-]+)*")
_SWAPPED = str.maketrans(",.", ".,")
_TIMES = (
    "%m/%d/%Y %H:%M:%S",
    "%m/%d/%Y %H:%M",
    "%m/%d/%Y",
    "%B %d, %Y %I:%M %p",
    "%B %d, %Y %H:%M",
    "%B %d, %Y",
    "%d.%m.%Y %H:%M",
    "%d.%m.%Y",
)
_FIRST_YEAR = 1995  # no shop or program is older; such a date is a slip, or an empty one of a database
_AHEAD_OF_UTC = timedelta(hours=14)  # a time without an offset may be of a clock that is ahead


class CellRefused(ValueError):
    """A cell can't be taken over. The text names its heading and the reason."""


class NotTaken(Exception):
    """A line is readable, but is not taken over for this reason. Such lines are counted together."""


@dataclass(frozen=True)
class Columns:
    """The column map of one program's export: each field, and the headings that it may have."""

    headings: Mapping[str, tuple[str, ...]]
    required: frozenset[str]

    def missing(self, headings: list[str]) -> list[str]:
        """The first heading of each required field that none of these is."""
        return [
            names[0]
            for field, names in self.headings.items()
            if field in self.required and not set(names) & set(headings)
        ]

    def pick(self, cells: Mapping[str, str]) -> dict[str, str]:
        """The cells by field, empty where the file has no such column."""
        return {
            field: next((cells[name] for name in names if cells.get(name)), "")
            for field, names in self.headings.items()
        }


def email_in(cell: str, heading: str) -> str:
    if not cell:
        raise CellRefused(f"{heading}: missing")
    name, _, domain = cell.rpartition("@")
    if _PLAIN_NAME.fullmatch(name) and _takes_plain_names(domain):
        return cell
    try:
        validate_address(cell)
    except ValidationError:
        raise CellRefused(f"{heading}: not a valid email address") from None
    return cell


@lru_cache(maxsize=10_000)  # most people share a few domains, and validating one takes as long as storing a row
def _takes_plain_names(domain: str) -> bool:
    """Whether every name of `_PLAIN_NAME` is an address at this domain."""
    with suppress(ValidationError):
        validate_address(f"{'a' * 64}@{domain}")
        return True
    return False


def line_in(cell: str, heading: str, *, longest: int) -> str:
    """A name or another short text."""
    text = " ".join(clean_line(cell).split())
    if len(text) > longest:
        raise CellRefused(f"{heading}: longer than {longest} characters")
    if has_card_number(text):
        raise CellRefused(f"{heading}: contains a payment card number")
    try:
        validate_one_line(text)
    except ValidationError:
        raise CellRefused(f"{heading}: contains characters that can't be displayed") from None
    return text


def money_in(cell: str, heading: str, *, currency: str, decimal_comma: bool) -> Money:
    """An amount that isn't negative, exact to the minor unit."""
    if currency not in CURRENCIES:
        raise CellRefused("currency: not one that PayPal supports")
    try:
        amount = parse_money(_without_zeros(cell.translate(_SWAPPED) if decimal_comma else cell, currency), currency)
    except AmountTooHigh:
        raise CellRefused(f"{heading}: more than {Money(LARGEST, currency)}, the highest possible amount") from None
    except NotAnAmount:
        comma = "" if decimal_comma else " with a decimal point; for decimal commas, run it with --decimal-comma"
        raise CellRefused(f"{heading}: not an amount in {currency}{comma}") from None
    if amount.minor < 0:
        raise CellRefused(f"{heading}: negative")
    return amount


def _without_zeros(text: str, currency: str) -> str:
    """Programs store `12.5000`: zeros beyond the currency's digits don't change the amount."""
    whole, _, fraction = text.partition(".")
    kept = fraction[: decimals(currency)] + fraction[decimals(currency) :].rstrip("0")
    return f"{whole}.{kept}" if kept else whole


def moment_in(cell: str, heading: str, *, now: datetime) -> datetime:
    """A time since 1995 and up to now, in UTC unless it names another offset."""
    if not cell:
        raise CellRefused(f"{heading}: missing")
    moment = _read_moment(cell)
    if moment is None:
        raise CellRefused(f"{heading}: not a date such as 2026-03-31 or 2026-03-31 14:05:00")
    if moment.year < _FIRST_YEAR:
        raise CellRefused(f"{heading}: before {_FIRST_YEAR}")
    if moment > now + _AHEAD_OF_UTC:
        raise CellRefused(f"{heading}: in the future")
    return min(moment, now)


def _read_moment(cell: str) -> datetime | None:
    with suppress(ValueError):
        moment = datetime.fromisoformat(cell)
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    for pattern in _TIMES:
        with suppress(ValueError):
            return datetime.strptime(cell, pattern).replace(tzinfo=UTC)
    return None
