"""An affiliate's money per currency. Amounts in different currencies are never added."""

from __future__ import annotations

from dataclasses import dataclass

from affiliates.currencies import currencies_of
from affiliates.models import Affiliate
from shop.money import Money

from .next_payout import Held, NextPayout, held_of, next_payout_of
from .totals import Overview, overview_of


@dataclass(frozen=True)
class CurrencyAccount:
    """The money in one currency, each amount counted once: what is held is neither pending nor approved."""

    currency: str
    sums: Overview
    held: Held
    next: NextPayout

    @property
    def pending(self) -> Money:
        return self.sums.pending - self.held.pending

    @property
    def approved(self) -> Money:
        return self.sums.approved - self.held.approved


def accounts_of(affiliate: Affiliate) -> list[CurrencyAccount]:
    """One per currency with a commission or a ledger entry, the program's first."""
    return [_account_in(affiliate, currency) for currency in currencies_of(affiliate)]


def balances_of(affiliate: Affiliate) -> list[Money]:
    """The balance in each currency."""
    return [affiliate.ledger.balance(currency) for currency in currencies_of(affiliate)]


def _account_in(affiliate: Affiliate, currency: str) -> CurrencyAccount:
    sums, held = overview_of(affiliate, currency=currency), held_of(affiliate, currency=currency)
    return CurrencyAccount(currency, sums, held, next_payout_of(affiliate, sums, held))
