"""The figures of the admin's first page: today, 7 days and this month against the period before, by permission.

Each source is read once, by day, for the longest span that is shown; the periods and the chart are sums of its days.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from typing import Any

from django.db.models import Sum

from affiliates.statistics.day_sums import commissions_by
from aitpro.traffic.models import DomainDay
from privacy.admin_base.reporting.charts import Chart, Point, bar_chart
from privacy.admin_base.reporting.periods import Preset, ReportPeriod
from privacy.registry.deadlines import local_day
from privacy.registry.purpose_binding import reads
from privacy.registry.purposes import Audience, Purpose
from shop.models import Order
from shop.money import Money, program_currency
from shop.reports.sales_report import sales_by

PERIODS = (Preset.TODAY, Preset.LAST_7, Preset.THIS_MONTH)
LAST_ORDERS = 5

ByDay = Mapping[date, int]


@dataclass(frozen=True)
class PeriodFigure:
    """A sum of a period, and of the period before."""

    name: str
    now: int
    before: int
    shown: Callable[[int], str]

    @property
    def text(self) -> str:
        return self.shown(self.now)

    @property
    def before_text(self) -> str:
        return self.shown(self.before)

    @property
    def change(self) -> str:
        """In words and signs, not in color: more isn't always better."""
        if self.now == self.before:
            return "as before"
        if self.before <= 0:
            return f"before: {self.before_text}"
        percent = round(100 * (self.now - self.before) / self.before)
        return f"{'▲' if percent >= 0 else '▼'} {abs(percent)}% from {self.before_text}"


@dataclass(frozen=True)
class PeriodFigures:
    name: str
    period: ReportPeriod
    figures: list[PeriodFigure]


@dataclass(frozen=True)
class LastOrder:
    order: Order
    buyer: str


def _money(minor: int) -> str:
    return str(Money(minor, program_currency()))


def _number(count: int) -> str:
    return f"{count:,}"


@dataclass(frozen=True)
class StartPage:
    """What this user may see of the business today."""

    user: Any
    now: datetime
    today: date = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "today", local_day(self.now))

    @cached_property
    def span(self) -> ReportPeriod:
        """All days that any period, the one before it, or the chart counts."""
        shown = [preset.period(self.today) for preset in PERIODS]
        first = min(period.before.since for period in (*shown, self.charted))
        return ReportPeriod(first, self.today)

    @cached_property
    def charted(self) -> ReportPeriod:
        return Preset.LAST_30.period(self.today)

    @cached_property
    def _sources(self) -> dict[str, tuple[ByDay, Callable[[int], str]]]:
        found: dict[str, tuple[ByDay, Callable[[int], str]]] = {}
        if self.sees_orders:
            days = sales_by(self.span, "day").get(program_currency(), {})
            found["Orders"] = {day: sold.orders for day, sold in days.items()}, _number
            found["Net sales"] = {day: sold.net.minor for day, sold in days.items()}, _money
            found["Refunds"] = {day: sold.refunds_minor for day, sold in days.items()}, _money
        if self.user.has_perm("affiliates.view_commission"):
            found["Commissions"] = earned_by_day(self.span), _money
        if self.user.has_perm("traffic.view_domainday"):
            found["Visits"] = visits_by_day(self.span), _number
        return found

    @property
    def sees_orders(self) -> bool:
        return bool(self.user.has_perm("shop.view_order"))

    @cached_property
    def strip(self) -> list[PeriodFigures]:
        if not self._sources:
            return []
        return [PeriodFigures(preset.label, period, self._figures(period)) for preset, period in self._periods()]

    def _periods(self) -> list[tuple[Preset, ReportPeriod]]:
        return [(preset, preset.period(self.today)) for preset in PERIODS]

    def _figures(self, period: ReportPeriod) -> list[PeriodFigure]:
        return [
            PeriodFigure(name, _sum(days, period), _sum(days, period.before), shown)
            for name, (days, shown) in self._sources.items()
        ]

    @cached_property
    def chart(self) -> Chart | None:
        """Net sales of 30 days, for those who see orders."""
        if not self.sees_orders:
            return None
        days, shown = self._sources["Net sales"]
        points = [Point(f"{day:%b %-d}", days.get(day, 0)) for day in self.charted.starts("day")]
        return bar_chart("Net sales, last 30 days", points, shown=shown, value_name="Net sales")

    @cached_property
    def last_orders(self) -> list[LastOrder]:
        return newest_orders() if self.sees_orders else []


def _sum(days: ByDay, period: ReportPeriod) -> int:
    return sum(count for day, count in days.items() if period.since <= day <= period.until)


@reads("shop_order", purpose=Purpose.ORDER, audience=Audience.STAFF)
def newest_orders() -> list[LastOrder]:
    """The last orders, with the buyers' names opened: the page records that."""
    return [LastOrder(order, order.name or "") for order in Order.objects.order_by("-placed_at")[:LAST_ORDERS]]


@reads("affiliates_commission", purpose=Purpose.AFFILIATE_ACCOUNT, audience=Audience.STAFF)
def earned_by_day(period: ReportPeriod) -> ByDay:
    """What was earned in the program's currency and neither rejected nor reversed since, in minor units."""
    days = commissions_by(period, currency=program_currency(), by="day")
    return {day: sums["earned_minor"] - sums["reversed_minor"] for day, sums in days.items()}


def visits_by_day(period: ReportPeriod) -> ByDay:
    """Pages read. They are counted by days in UTC."""
    days = DomainDay.objects.filter(day__gte=period.since, day__lte=period.until).order_by().values_list("day")
    return dict(days.annotate(sum=Sum("views")))
