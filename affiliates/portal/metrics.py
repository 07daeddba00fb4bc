"""The metrics of a period compared with the period before, and what each is made of."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime

from affiliates.models import Affiliate, ConsentMode, consent_mode
from affiliates.statistics.daily_statistics import Statistics, statistics_by_period
from privacy.web.trend import Trend
from shop.money import Money

from .period import Period


@dataclass(frozen=True)
class Metric:
    """A metric, its trend, and a sentence that explains it."""

    name: str
    value: str
    before: str
    trend: Trend | None
    why: str


@dataclass(frozen=True)
class History:
    """All days of an affiliate, read once."""

    days: dict[date, Statistics]
    currency: str

    def of(self, period: Period) -> dict[date, Statistics]:
        """Per day, or per month for a long period."""
        found: dict[date, Statistics] = {}
        for day, one in self.days.items():
            if period.since <= day <= period.until:
                start = day.replace(day=1) if period.step == "month" else day
                found[start] = found.get(start, Statistics()) + one
        return found

    def total(self, period: Period | None = None) -> Statistics:
        days = self.days if period is None else self.of(period)
        return _total(days.values())


def history_of(affiliate: Affiliate, period: Period, *, currency: str, now: datetime) -> History:
    """Two queries, however much there is: from the day the affiliate joined, or the start of the period before."""
    today = now.astimezone(UTC).date()
    since = min(affiliate.joined_at.astimezone(UTC).date(), period.before.since)
    return History(
        statistics_by_period(affiliate, since=since, until=max(today, period.until), currency=currency),
        currency=currency,
    )


def metrics(history: History, period: Period) -> list[Metric]:
    now, before = history.total(period), history.total(period.before)

    def money(minor: int) -> str:
        return str(Money(minor, history.currency))

    return [
        _count_metric("Clicks", now.clicks, before.clicks, _explain_clicks(now)),
        _count_metric("Orders", now.orders, before.orders, "Paid orders through your links or your code."),
        Metric(
            "Sales",
            money(now.sales_minor),
            money(before.sales_minor),
            Trend(now.sales_minor, before.sales_minor),
            "The total of those orders, before refunds.",
        ),
        Metric(
            "Earned",
            money(earned(now)),
            money(earned(before)),
            Trend(earned(now), earned(before)),
            _explain_earnings(now, history.currency),
        ),
        Metric("Conversion", conversion(now), conversion(before), None, "Orders per 100 clicks."),
        Metric(
            "Per click",
            per_click(now, history.currency),
            per_click(before, history.currency),
            None,
            "Earnings divided by clicks.",
        ),
    ]


def _count_metric(name: str, now: int, before: int, why: str) -> Metric:
    return Metric(name, count_text(now), count_text(before), Trend(now, before), why)


def count_text(number: int) -> str:
    """`1,019`"""
    return f"{number:,}"


def earned(one: Statistics) -> int:
    """Earnings after refunds, in minor units."""
    return one.earned_minor - one.reversed_minor


def conversion(one: Statistics) -> str:
    return f"{one.orders * 100 / one.clicks:.1f}%" if one.clicks else "–"


def per_click(one: Statistics, currency: str) -> str:
    return str(Money.of(Money(earned(one), currency).amount / one.clicks, currency)) if one.clicks else "–"


def _explain_clicks(one: Statistics) -> str:
    apart = one.bots + one.previews
    how_counted = {
        ConsentMode.SIGNAL: "The same visitor within 30 minutes counts once.",
        ConsentMode.ASK: "Visitors who said that we may remember them. Whoever did not answer is not counted at all.",
        ConsentMode.LINK: "Counted without visitors: following a link twice counts twice.",
    }
    return (
        f"{how_counted[consent_mode()]}"
        f" Not counted: {apart:,} by bots, previews and embedding pages,"
        f" {one.refused:,} by visitors who refused tracking."
    )


def _explain_earnings(one: Statistics, currency: str) -> str:
    if not one.reversed_minor:
        return "Commissions on those orders. Nothing was refunded."
    whole, back = Money(one.earned_minor, currency), Money(one.reversed_minor, currency)
    return f"{whole} in commissions, less {back} for refunds."


def _total(lines: Iterable[Statistics]) -> Statistics:
    return sum(lines, Statistics())
