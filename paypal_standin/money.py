"""Amounts: strings outside, `Decimal` inside, never a float."""

import re
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

WITHOUT_DECIMALS = frozenset({"HUF", "JPY", "TWD", "CLP", "MYR"})
WITH_DECIMALS = frozenset(
    {"AUD", "BRL", "CAD", "CHF", "CNY", "CZK", "DKK", "EUR", "GBP", "HKD", "ILS"}
    | {"MXN", "NOK", "NZD", "PHP", "PLN", "SEK", "SGD", "THB", "USD"}
)
CURRENCIES = WITH_DECIMALS | WITHOUT_DECIMALS
PATTERN = re.compile(r"-?(\d+(\.\d+)?|\.\d+)", re.ASCII)
LARGEST = Decimal("999999999999999.99")


def decimals_of(currency: str) -> int:
    """The number of decimals in this currency."""
    return 0 if currency in WITHOUT_DECIMALS else 2


def text(amount: Decimal, currency: str) -> str:
    """An amount as PayPal prints it, rounded half up."""
    unit = Decimal(1).scaleb(-decimals_of(currency))
    return str(amount.quantize(unit, rounding=ROUND_HALF_UP))


def dump(amount: Decimal, currency: str) -> dict[str, str]:
    """Orders and Payments call the currency `currency_code`."""
    return {"currency_code": currency, "value": text(amount, currency)}


def dump_v1(amount: Decimal, currency: str) -> dict[str, str]:
    """Payouts call it `currency`."""
    return {"currency": currency, "value": text(amount, currency)}


def is_number(value: Any) -> bool:
    """Whether it is a string that reads as an amount."""
    return isinstance(value, str) and len(value) <= 32 and PATTERN.fullmatch(value) is not None


def fits(value: str, currency: str) -> bool:
    """Whether it has no more decimals than its currency allows."""
    return len(value.partition(".")[2]) <= decimals_of(currency)


def fee(amount: Decimal) -> Decimal:
    """A fee of a likely size: 3.49 % and 0.49, but never more than the amount."""
    return min(amount, amount * Decimal("0.0349") + Decimal("0.49"))
