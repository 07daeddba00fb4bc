"""The currencies of the program. No amount is ever added to, or converted into, one in another currency."""

from __future__ import annotations

from collections.abc import Iterable

from django.conf import settings

from shop.money import Money, program_currency

from .models import Affiliate, LedgerEntry, RunningSum


def currencies_of(affiliate: Affiliate) -> list[str]:
    """In which the affiliate has earned, the program's first; that one alone where nothing was earned yet."""
    found = set(RunningSum.objects.filter(affiliate=affiliate).order_by().values_list("currency", flat=True).distinct())
    return program_first(found or {program_currency()})


def currencies_due() -> list[str]:
    """In which something in the ledger waits for a payout; the program's alone where nothing does."""
    found = set(LedgerEntry.objects.unclaimed().order_by().values_list("currency", flat=True).distinct())
    return program_first(found or {program_currency()})


def program_first(currencies: Iterable[str]) -> list[str]:
    return sorted(currencies, key=lambda currency: (currency != program_currency(), currency))


def minimum_payout(currency: str) -> Money:
    """The setting counts the program's smallest units, and as many in any other currency: the site knows no exchange
    rates. 1000 are 10.00 USD, 10.00 EUR and 1000 JPY. Zero pays whatever is above zero."""
    return Money(max(settings.AFFILIATE_MINIMUM_PAYOUT_CENTS, 1), currency)
