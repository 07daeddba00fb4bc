"""An affiliate's money per currency. Amounts in different currencies are never added."""

from __future__ import annotations

from dataclasses import dataclass

from affiliates.currencies import currencies_of
from affiliates.models import Affiliate, Commission
from shop.money import Money

from .next_payout import Held, NextPayout, held_of, next_payout_of
from .states import HELD, NAMES, meanings
from .totals import Overview, overview_of

State = Commission.State


@dataclass(frozen=True)
class Tile:
    """The money in one state, with the state's name and meaning as in the list of commissions."""

    state: str
    name: str
    meaning: str
    amount: Money


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

    @property
    def tiles(self) -> list[Tile]:
        amounts: dict[str, Money] = {
            State.PENDING: self.pending,
            HELD: self.held.total,
            State.APPROVED: self.approved,
            State.IN_PAYOUT: self.sums.in_payout,
            State.PAID: self.sums.paid,
        }
        told = meanings()
        return [Tile(state, NAMES[state], told[state], amount) for state, amount in amounts.items()]


def accounts_of(affiliate: Affiliate) -> list[CurrencyAccount]:
    """One per currency with a commission or a ledger entry, the program's first."""
    return [_account_in(affiliate, currency) for currency in currencies_of(affiliate)]


def balances_of(affiliate: Affiliate) -> list[Money]:
    """The balance in each currency."""
    return [affiliate.ledger.balance(currency) for currency in currencies_of(affiliate)]


def _account_in(affiliate: Affiliate, currency: str) -> CurrencyAccount:
    sums, held = overview_of(affiliate, currency=currency), held_of(affiliate, currency=currency)
    return CurrencyAccount(currency, sums, held, next_payout_of(affiliate, sums, held))
