"""The program's currencies. Amounts in different currencies are never added or converted."""

from __future__ import annotations

from collections.abc import Iterable

from django.conf import settings

from shop.money import Money, program_currency

from .models import Affiliate, BalanceDelta, LedgerEntry


def currencies_of(affiliate: Affiliate) -> list[str]:
    """The currencies in which the affiliate has earned, the program's first; only the program's if there are none."""
    found = set(
        BalanceDelta.objects.filter(affiliate=affiliate).order_by().values_list("currency", flat=True).distinct()
    )
    return program_currency_first(found or {program_currency()})


def currencies_due() -> list[str]:
    """The currencies with unclaimed ledger entries; only the program's if there are none."""
    found = set(LedgerEntry.objects.unclaimed().order_by().values_list("currency", flat=True).distinct())
    return program_currency_first(found or {program_currency()})


def program_currency_first(currencies: Iterable[str]) -> list[str]:
    return sorted(currencies, key=lambda currency: (currency != program_currency(), currency))


def minimum_payout(currency: str) -> Money:
    """The setting counts minor units and applies to every currency, because the site knows no exchange rates: 1000 is
    $10.00, 10.00 EUR and 1000 JPY. Zero pays any positive amount."""
    return Money(max(settings.AFFILIATE_MINIMUM_PAYOUT_CENTS, 1), currency)
