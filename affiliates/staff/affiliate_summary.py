"""A summary of an affiliate for staff: the rate and why, balances by state, statistics, and open flags and objections.

The number of queries is constant.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import F, Q, Sum

from affiliates.commissions.explanation import why_this_rate
from affiliates.commissions.rates import AppliedRate, applied_rate
from affiliates.currencies import currencies_of
from affiliates.models import Affiliate, Commission, Flag, Objection, PayoutItem, Rate
from affiliates.statistics.reports import AffiliateReport, ReportBy, ReportRow
from privacy.admin_base.reporting.periods import Preset, ReportPeriod
from privacy.registry.deadlines import local_day
from shop.money import Money, program_currency

State = Commission.State
SHOWN = 10  # flags, objections and payouts; the lists show the rest
EVER = timedelta(days=3650)


@dataclass(frozen=True)
class Balance:
    """The money in one currency: commissions by state, the ledger's balance, and sales."""

    pending: Money
    approved: Money
    in_payout: Money
    paid: Money
    account: Money
    last_30_days: ReportRow
    ever: ReportRow


@dataclass(frozen=True)
class AffiliateSummary:
    rate: AppliedRate
    why_rate: str
    product_rates: list[Rate]
    balances: list[Balance]
    flags: list[Flag]
    flags_open: int
    objections: list[Objection]
    payouts: list[PayoutItem]


def account_of(affiliate: Affiliate, *, now: datetime) -> AffiliateSummary:
    """The rate in the program's currency; balances and statistics in each currency."""
    rate = applied_rate(affiliate=affiliate, product=None, currency=program_currency(), moment=now)
    own = Q(affiliate=affiliate) | Q(group=affiliate.group_id, group__isnull=False)
    of_products = Rate.objects.in_force(now).filter(own, product__isnull=False)
    flags = Flag.objects.open().filter(attribution__affiliate=affiliate)
    return AffiliateSummary(
        rate=rate,
        why_rate=why_this_rate(None if rate.is_default else rate.rate),
        product_rates=list(of_products.select_related("product", "affiliate__user", "group")),
        balances=_balances_of(affiliate, local_day(now)),
        flags=list(flags.select_related("attribution__order", "attribution__commission")[:SHOWN]),
        flags_open=flags.count(),
        objections=_open_objections(affiliate),
        payouts=list(affiliate.payouts.select_related("run")[:SHOWN]),
    )


def _open_objections(affiliate: Affiliate) -> list[Objection]:
    """The open ones, the next one due first."""
    mine = Objection.objects.open().filter(commission__attribution__affiliate=affiliate)
    return list(mine.select_related("commission__attribution__order").order_by("due_at")[:SHOWN])


def _statistics(affiliate: Affiliate, currency: str, period: ReportPeriod) -> ReportRow:
    report = AffiliateReport(period, currency, ReportBy.AFFILIATE, affiliate.code)
    return report.total(report.rows())


def _balances_of(affiliate: Affiliate, today: date) -> list[Balance]:
    """Two queries, and a few for each currency with sales."""
    commissions = Commission.objects.filter(attribution__affiliate=affiliate).order_by()
    left = Sum(F("amount_minor") - F("reversed_minor"))
    states = {
        (name, state): sum for name, state, sum in commissions.values_list("currency", "state").annotate(left=left)
    }
    accounts = dict(affiliate.ledger.order_by().values_list("currency").annotate(Sum("amount_minor")))

    def of(currency: str, state: str) -> Money:
        return Money(states.get((currency, state), 0), currency)

    return [
        Balance(
            pending=of(currency, State.PENDING),
            approved=of(currency, State.APPROVED),
            in_payout=of(currency, State.IN_PAYOUT),
            paid=affiliate.payouts.paid(currency),
            account=Money(accounts.get(currency, 0), currency),
            last_30_days=_statistics(affiliate, currency, Preset.LAST_30.period(today)),
            ever=_statistics(affiliate, currency, ReportPeriod(today - EVER, today)),
        )
        for currency in currencies_of(affiliate)
    ]
