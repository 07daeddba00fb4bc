"""The totals at the top of the portal: amounts by state, and the balance."""

from __future__ import annotations

from dataclasses import dataclass

from affiliates.models import LEDGER, Affiliate, Commission, RunningSum, Total
from shop.money import Money

State = Commission.State
NOTHING = Total()


@dataclass(frozen=True)
class Overview:
    """The totals at the top of the portal."""

    orders: int  # paid orders, ever
    pending: Money
    approved: Money
    in_payout: Money
    paid: Money  # includes payouts whose orders were refunded later
    balance: Money


def overview_of(affiliate: Affiliate, *, currency: str) -> Overview:
    """Four queries over a few rows, however many clicks, sales and payouts there were."""
    totals = RunningSum.objects.totals(affiliate, currency)

    def money(what: str) -> Money:
        return Money(totals.get(what, NOTHING).minor, currency)

    return Overview(
        orders=sum(totals.get(state, NOTHING).number for state in State.values),
        pending=money(State.PENDING),
        approved=money(State.APPROVED),
        in_payout=money(State.IN_PAYOUT),
        paid=affiliate.payouts.paid(currency),
        balance=money(LEDGER),
    )
