"""The figures at the top of the portal: sums by state and the balance."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db.models import F, Sum

from shop.money import Money

from ..figures import Figures, figures
from ..models import Affiliate, By, Commission

State = Commission.State


@dataclass(frozen=True)
class Overview:
    """The figures at the top of the portal."""

    clicks: int  # of today and the 29 days before
    orders: int  # ever, paid ones
    pending: Money
    approved: Money
    in_payout: Money
    paid: Money
    balance: Money


def overview_of(affiliate: Affiliate, *, currency: str, now: datetime) -> Overview:
    commissions = Commission.objects.filter(attribution__affiliate=affiliate, currency=currency)
    sums = dict(commissions.order_by().values_list("state").annotate(sum=Sum(F("amount_minor") - F("reversed_minor"))))

    today = now.astimezone(UTC).date()
    days = figures(affiliate, since=today - timedelta(days=29), until=today, currency=currency)

    def total(state: str) -> Money:
        return Money(sums.get(state, 0), currency)

    return Overview(
        clicks=sum(days.values(), Figures()).clicks,
        orders=affiliate.daily_sales.filter(by=By.ALL, currency=currency).aggregate(sum=Sum("orders"))["sum"] or 0,
        pending=total(State.PENDING),
        approved=total(State.APPROVED),
        in_payout=total(State.IN_PAYOUT),
        paid=total(State.PAID),
        balance=affiliate.ledger.balance(currency),
    )
