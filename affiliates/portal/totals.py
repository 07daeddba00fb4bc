"""The totals at the top of the portal: amounts by state, and the balance."""

from __future__ import annotations

from dataclasses import dataclass

from affiliates.models import LEDGER, Affiliate, BalanceDelta, Commission, Total
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
    totals = BalanceDelta.objects.totals(affiliate, currency)

    def money(bucket: str) -> Money:
        return Money(totals.get(bucket, NOTHING).minor, currency)

    return Overview(
        orders=sum(totals.get(state, NOTHING).entry_count for state in State.values),
        pending=money(State.PENDING),
        approved=money(State.APPROVED),
        in_payout=money(State.IN_PAYOUT),
        paid=affiliate.payouts.paid(currency),
        balance=money(LEDGER),
    )
