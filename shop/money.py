"""Amounts of money: whole minor units and a currency, exact, never a float and never two currencies in one sum."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

from django.conf import settings

# PayPal accepts no decimals for HUF, JPY and TWD: https://developer.paypal.com/api/rest/reference/currency-codes/
# CLP and MYR are treated alike, for PayPal accounts that know them only in whole units. All others have two.
DECIMALS = {"CLP": 0, "HUF": 0, "JPY": 0, "MYR": 0, "TWD": 0}

# Those that PayPal takes, from the same page.
CURRENCIES = (
    *("AUD", "BRL", "CAD", "CHF", "CNY", "CZK", "DKK", "EUR", "GBP", "HKD", "HUF", "ILS"),
    *("JPY", "MXN", "MYR", "NOK", "NZD", "PHP", "PLN", "SEK", "SGD", "THB", "TWD", "USD"),
)

_CURRENCY = re.compile(r"[A-Z]{3}")


class MixedCurrencies(ValueError):
    """Two amounts in different currencies were added, subtracted or ordered."""


def program_currency() -> str:
    """The one that is meant where none is chosen."""
    currency: str = settings.CURRENCY
    return currency


def decimals(currency: str) -> int:
    """How many digits a price in this currency has behind the point."""
    return DECIMALS.get(currency, 2)


@dataclass(frozen=True, slots=True)
class Money:
    """`minor` counts the smallest unit: cents for USD, whole yen for JPY.

    Equality of different currencies is simply false; adding, subtracting and ordering them raises `MixedCurrencies`.
    """

    minor: int
    currency: str

    def __post_init__(self) -> None:
        if type(self.minor) is not int:  # a bool is an int too, and a float is what this class exists to keep out
            raise TypeError("Money counts whole minor units.")
        if not _CURRENCY.fullmatch(self.currency):
            raise ValueError("A currency is three capital letters, such as USD.")

    @classmethod
    def of(cls, amount: Decimal | str, currency: str) -> Money:
        """`Money.of("59.95", "USD")`, rounded half-up. TypeError for a float, ValueError for anything not a number."""
        if not isinstance(amount, Decimal | str):
            raise TypeError("Money is made from a Decimal or a string: a float is not exact.")
        try:
            minor = _whole(Decimal(amount).scaleb(decimals(currency)))
        except (InvalidOperation, OverflowError, ValueError):
            raise ValueError("Not an amount of money.") from None
        return cls(minor, currency)

    @property
    def amount(self) -> Decimal:
        """The price in major units, with as many digits as the currency has: `Decimal("59.95")`."""
        return Decimal(self.minor).scaleb(-decimals(self.currency))

    def percent(self, rate: Decimal) -> Money:
        """That many per cent of this amount, half-up to the minor unit (away from zero for a negative amount)."""
        if not isinstance(rate, Decimal):
            raise TypeError("A rate is a Decimal: a float is not exact.")
        return Money(_whole(self.minor * rate / 100), self.currency)

    def times(self, quantity: int) -> Money:
        return Money(self.minor * quantity, self.currency)

    def __str__(self) -> str:
        return f"{self.amount:f} {self.currency}"

    def __add__(self, other: Money) -> Money:
        return Money(self.minor + self._same(other), self.currency)

    def __sub__(self, other: Money) -> Money:
        return Money(self.minor - self._same(other), self.currency)

    def __neg__(self) -> Money:
        return Money(-self.minor, self.currency)

    def __lt__(self, other: Money) -> bool:
        return self.minor < self._same(other)

    def __le__(self, other: Money) -> bool:
        return self.minor <= self._same(other)

    def __gt__(self, other: Money) -> bool:
        return self.minor > self._same(other)

    def __ge__(self, other: Money) -> bool:
        return self.minor >= self._same(other)

    def _same(self, other: Money) -> int:
        if self.currency != other.currency:
            raise MixedCurrencies(f"{self.currency} and {other.currency} do not mix.")
        return other.minor


def _whole(number: Decimal) -> int:
    return int(number.quantize(Decimal(1), rounding=ROUND_HALF_UP))
