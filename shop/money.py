"""Amounts of money: integer minor units with a currency. Never a float, never mixed currencies."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

from django.conf import settings

# PayPal accepts no decimals for HUF, JPY and TWD: https://developer.paypal.com/api/rest/reference/currency-codes/
# CLP and MYR are treated alike, for PayPal accounts that accept only whole units. All others have two decimals.
DECIMALS = {"CLP": 0, "HUF": 0, "JPY": 0, "MYR": 0, "TWD": 0}

# The currencies that PayPal supports, from the same page.
CURRENCIES = (
    *("AUD", "BRL", "CAD", "CHF", "CNY", "CZK", "DKK", "EUR", "GBP", "HKD", "HUF", "ILS"),
    *("JPY", "MXN", "MYR", "NOK", "NZD", "PHP", "PLN", "SEK", "SGD", "THB", "TWD", "USD"),
)

_CURRENCY = re.compile(r"[A-Z]{3}")


class MixedCurrencies(ValueError):
    """Two amounts in different currencies were added, subtracted or ordered."""


def program_currency() -> str:
    """The default currency."""
    currency: str = settings.CURRENCY
    return currency


def decimals(currency: str) -> int:
    """The number of decimal places of this currency."""
    return DECIMALS.get(currency, 2)


@dataclass(frozen=True, slots=True)
class Money:
    """`minor` is the amount in the smallest unit: cents for USD, yen for JPY.

    Different currencies are never equal; adding, subtracting and ordering them raises `MixedCurrencies`.
    """

    minor: int
    currency: str

    def __post_init__(self) -> None:
        if type(self.minor) is not int:  # excludes bool, too
            raise TypeError("Money counts whole minor units.")
        if not _CURRENCY.fullmatch(self.currency):
            raise ValueError("A currency is three capital letters, such as USD.")

    @classmethod
    def of(cls, amount: Decimal | str, currency: str) -> Money:
        """`Money.of("59.95", "USD")`, rounded half up. Raises TypeError for a float, ValueError for a non-number."""
        if not isinstance(amount, Decimal | str):
            raise TypeError("Money is made from a Decimal or a string: a float is not exact.")
        try:
            minor = _whole(Decimal(amount).scaleb(decimals(currency)))
        except (InvalidOperation, OverflowError, ValueError):
            raise ValueError("Not an amount of money.") from None
        return cls(minor, currency)

    @property
    def amount(self) -> Decimal:
        """The amount in major units, with the currency's decimal places: `Decimal("59.95")`."""
        return Decimal(self.minor).scaleb(-decimals(self.currency))

    def percent(self, rate: Decimal) -> Money:
        """`rate` percent of this amount, rounded half up to the minor unit (away from zero for negative amounts)."""
        if not isinstance(rate, Decimal):
            raise TypeError("A rate is a Decimal: a float is not exact.")
        return Money(_whole(self.minor * rate / 100), self.currency)

    def times(self, quantity: int) -> Money:
        return Money(self.minor * quantity, self.currency)

    def __str__(self) -> str:
        return format_amount(self.amount, self.currency)

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
            raise MixedCurrencies(f"{self.currency} and {other.currency} can't be combined.")
        return other.minor


def format_amount(amount: Decimal, currency: str) -> str:
    """For people, with all its decimal places: `$1,059.95` for US dollars, `1,059.95 EUR` for any other currency. Files
    for programs take `Money.amount`."""
    if currency == "USD":
        return f"{'-' if amount < 0 else ''}${abs(amount):,f}"
    return f"{amount:,f} {currency}"


def _whole(number: Decimal) -> int:
    return int(number.quantize(Decimal(1), rounding=ROUND_HALF_UP))
