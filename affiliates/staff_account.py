"""An affiliate's account for staff, on one page: the rate and why, the money by state, the figures, what is open.

A number of queries that does not depend on how much there is.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from django.db.models import F, Sum

from shop.money import Money

from .explanation import why_this_rate
from .models import Affiliate, Commission, CommissionDispute, Flag, PayoutItem, Rate
from .rates import rate_for
from .reports import Report, ReportBy, Row

State = Commission.State
SHOWN = 10  # flags, objections and payouts; the lists have the rest
EVER = timedelta(days=3650)


@dataclass(frozen=True)
class Balance:
    """The money in one currency: the commissions by state, and the sum of the ledger."""

    pending: Money
    approved: Money
    in_payout: Money
    paid: Money
    account: Money


@dataclass(frozen=True)
class Account:
    rate: Rate
    why_rate: str
    product_rates: list[Rate]
    balances: list[Balance]
    last_30_days: Row
    ever: Row
    flags: list[Flag]
    flags_open: int
    objections: list[CommissionDispute]
    payouts: list[PayoutItem]


def account_of(affiliate: Affiliate, *, currency: str, now: datetime) -> Account:
    """Rate and figures in `currency`, the balances in each that there is."""
    rate = rate_for(affiliate=affiliate, product=None, currency=currency, moment=now)
    of_products = Rate.objects.in_force(now).filter(affiliate=affiliate, product__isnull=False)
    flags = Flag.objects.open().filter(attribution__affiliate=affiliate)
    today = now.astimezone(UTC).date()
    return Account(
        rate=rate,
        why_rate=why_this_rate(None if rate._state.adding else rate),
        product_rates=list(of_products.select_related("product", "affiliate")),
        balances=_balances(affiliate, currency),
        last_30_days=_figures(affiliate, currency, today - timedelta(days=29), today),
        ever=_figures(affiliate, currency, today - EVER, today),
        flags=list(flags.select_related("attribution__order", "attribution__commission")[:SHOWN]),
        flags_open=flags.count(),
        objections=_objections(affiliate),
        payouts=list(affiliate.payouts.select_related("batch")[:SHOWN]),
    )


def _objections(affiliate: Affiliate) -> list[CommissionDispute]:
    """The open ones, the next one due first."""
    mine = CommissionDispute.objects.open().filter(commission__attribution__affiliate=affiliate)
    return list(mine.select_related("commission").order_by("due_at")[:SHOWN])


def _figures(affiliate: Affiliate, currency: str, since: date, until: date) -> Row:
    report = Report(since, until, currency=currency, code=affiliate.code, by=ReportBy.AFFILIATE)
    return report.total(report.rows())


def _balances(affiliate: Affiliate, currency: str) -> list[Balance]:
    """Three queries, also for somebody who sells in several currencies."""
    commissions = Commission.objects.filter(attribution__affiliate=affiliate).order_by()
    left = Sum(F("amount_minor") - F("reversed_minor"))
    states = {
        (name, state): sum for name, state, sum in commissions.values_list("currency", "state").annotate(left=left)
    }
    accounts = dict(affiliate.ledger.order_by().values_list("currency").annotate(Sum("amount_minor")))
    arrived = affiliate.payouts.filter(state=PayoutItem.State.PAID).order_by()
    paid = dict(arrived.values_list("currency").annotate(Sum("amount_minor")))
    names = sorted({currency, *accounts, *paid, *(name for name, _ in states)})
    return [_balance(name, states, paid.get(name, 0), accounts.get(name, 0)) for name in names]


def _balance(name: str, states: dict[tuple[str, str], int], paid: int, account: int) -> Balance:
    def of(state: str) -> Money:
        return Money(states.get((name, state), 0), name)

    return Balance(of(State.PENDING), of(State.APPROVED), of(State.IN_PAYOUT), Money(paid, name), Money(account, name))
