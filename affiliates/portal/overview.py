"""The figures at the top of the portal: sums by state and the balance."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from shop.money import Money

from ..figures import Figures, figures
from ..models import LEDGER, Affiliate, Commission, RunningSum, Total

State = Commission.State
NOTHING = Total()


@dataclass(frozen=True)
class Overview:
    """The figures at the top of the portal."""

    clicks: int  # of today and the 29 days before
    orders: int  # ever, paid ones
    pending: Money
    approved: Money
    in_payout: Money
    paid: Money  # what arrived, also where its orders were refunded later
    balance: Money


def overview_of(affiliate: Affiliate, *, currency: str, now: datetime) -> Overview:
    """Four queries over a few rows, however many clicks, sales and payouts there were."""
    totals = RunningSum.objects.totals(affiliate, currency)
    today = now.astimezone(UTC).date()
    days = figures(affiliate, since=today - timedelta(days=29), until=today, currency=currency)

    def money(what: str) -> Money:
        return Money(totals.get(what, NOTHING).minor, currency)

    return Overview(
        clicks=sum(days.values(), Figures()).clicks,
        orders=sum(totals.get(state, NOTHING).number for state in State.values),
        pending=money(State.PENDING),
        approved=money(State.APPROVED),
        in_payout=money(State.IN_PAYOUT),
        paid=affiliate.payouts.paid(currency),
        balance=money(LEDGER),
    )
