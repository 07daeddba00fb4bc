"""The shop's sales by day, month, product or another breakdown, next to those of the period before.

Finished days are read from their sums, the others from orders and refunds (ADR 86). Nothing is joined that has several
rows for one, so nothing counts twice, and the rows always add up to the total.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

from django.db.models import Sum

from privacy.admin_base.reporting.periods import ReportPeriod, Step
from privacy.registry.purpose_binding import reads
from privacy.registry.purposes import Audience, Purpose
from shop.models import SalesDay
from shop.money import program_currency

from .breakdowns import Breakdown, breakdowns
from .day_sums import SALES_BY_DAY, SUMS, live_sales
from .figures import Sales

BY_TIME: dict[str, Step] = {"day": "day", "month": "month"}
SalesByKey = dict[Any, Sales]


@dataclass(frozen=True)
class SalesRow:
    """One row: a day, a month, a product. `before` is None where nothing corresponds to it."""

    label: str
    sales: Sales
    before: Sales | None
    share: int | None = None  # of the gross, in percent


@dataclass(frozen=True)
class SalesReport:
    """`by` is `day`, `month` or the key of a breakdown."""

    period: ReportPeriod
    currency: str
    by: str

    @cached_property
    def _now(self) -> dict[str, SalesByKey]:
        return sales_by(self.period, self.by)

    @cached_property
    def _before(self) -> dict[str, SalesByKey]:
        return sales_by(self.period.before, self.by)

    @property
    def currencies(self) -> list[str]:
        """Those with sales or refunds in the period, and the program's, which comes first."""
        return [program_currency(), *sorted({*self._now} - {program_currency()})]

    @property
    def total(self) -> Sales:
        return _total(self._now.get(self.currency, {}).values(), self.currency)

    @property
    def total_before(self) -> Sales:
        return _total(self._before.get(self.currency, {}).values(), self.currency)

    @cached_property
    def rows(self) -> list[SalesRow]:
        """By time without a gap, or by gross sales in descending order."""
        now, before = self._now.get(self.currency, {}), self._before.get(self.currency, {})
        if self.by in BY_TIME:
            return self._rows_by_time(now, before, BY_TIME[self.by])
        breakdown = breakdowns()[self.by]
        return _ranked(breakdown, now, before, self.currency)

    def _rows_by_time(self, now: SalesByKey, before: SalesByKey, step: Step) -> list[SalesRow]:
        """The first day is compared with the first day before, and so on."""
        earlier = [*self.period.before.starts(step)]
        nothing = Sales(self.currency)
        return [
            SalesRow(
                label=_label(start, step, self.period),
                sales=now.get(start, nothing),
                before=before.get(earlier[number], nothing) if number < len(earlier) else None,
            )
            for number, start in enumerate(self.period.starts(step))
        ]


def shares(period: ReportPeriod, breakdown: Breakdown, currency: str) -> list[SalesRow]:
    """One breakdown with the share of each row in the gross sales."""
    return _ranked(breakdown, sales_by(period, breakdown.key).get(currency, {}), {}, currency)


@reads("shop_order", purpose=Purpose.ORDER, audience=Audience.STAFF)
def sales_by(period: ReportPeriod, by: str) -> dict[str, SalesByKey]:
    """The sales of each currency, by first day or by the value of the breakdown. At most five queries."""
    sums: dict[str, SalesByKey] = defaultdict(dict)
    for key, more in _sales_of(period, by):
        key = key.replace(day=1) if by == "month" else key
        group = sums[more.currency]
        group[key] = group.get(key, Sales(more.currency)) + more
    return sums


def _sales_of(period: ReportPeriod, by: str) -> Iterator[tuple[Any, Sales]]:
    """Of the finished days, and of the others."""
    parts, breakdown = SALES_BY_DAY.parts(period), "" if by in BY_TIME else by
    if parts.summed is not None:
        rows = SalesDay.objects.filter(parts.summed, by=breakdown).order_by()
        for key, currency, *sums in rows.values_list("key" if breakdown else "day", "currency").annotate(
            *map(Sum, SUMS)
        ):
            yield key, Sales(currency, *sums)
    if parts.live:
        live = {"orders": parts.within("paid_at"), "refunds": parts.within("completed_at")}
        for key, day, sales in live_sales(period, breakdown, **live):
            yield key if breakdown else day, sales


def _ranked(breakdown: Breakdown, now: SalesByKey, before: SalesByKey, currency: str) -> list[SalesRow]:
    names = breakdown.names({*now, *before})
    gross = sum(sales.gross_minor for sales in now.values())
    rows = [
        SalesRow(
            label=names.get(key, str(key)),
            sales=now.get(key, Sales(currency)),
            before=before.get(key, Sales(currency)),
            share=round(100 * now[key].gross_minor / gross) if gross and key in now else None,
        )
        for key in {*now, *before}
    ]
    return sorted(rows, key=lambda row: (-row.sales.gross_minor, row.sales.refunds_minor, row.label))


def _total(sales: Iterable[Sales], currency: str) -> Sales:
    return sum(sales, Sales(currency))


def _label(start: date, step: Step, period: ReportPeriod) -> str:
    if step == "month":
        return f"{start:%b %Y}"
    return f"{start:%b %-d}" if period.since.year == period.until.year else f"{start:%b %-d, %Y}"
