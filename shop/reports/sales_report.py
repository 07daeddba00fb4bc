"""The shop's sales by day, month, product or another breakdown, next to those of the period before.

Four queries, whatever the period: orders and refunds, now and before. Nothing is joined that has several rows for one,
so nothing counts twice, and the rows always add up to the total.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

from django.db.models import Count, F, Sum

from privacy.admin_base.day_expression import day_of
from privacy.admin_base.periods import ReportPeriod, Step
from privacy.registry.purpose_binding import reads
from privacy.registry.purposes import Audience, Purpose
from shop.money import program_currency

from .breakdowns import Breakdown, breakdowns
from .figures import Sales, completed_refunds, paid_orders

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
    """The sales of each currency, by first day or by the value of the breakdown. Two queries."""
    path = "" if by in BY_TIME else breakdowns()[by].path
    orders, refunds = paid_orders(period), completed_refunds(period)
    if by in BY_TIME:
        sold = orders.annotate(key=day_of("paid_at", period))
        returned = refunds.annotate(key=day_of("completed_at", period))
    else:
        sold = orders.annotate(key=F(path))
        returned = refunds.annotate(key=F(f"payment__order__{path}"))
    sums: dict[str, SalesByKey] = defaultdict(dict)

    def add(key: Any, more: Sales) -> None:
        key = key.replace(day=1) if by == "month" else key
        group = sums[more.currency]
        group[key] = group.get(key, Sales(more.currency)) + more

    for currency, key, count, amount in sold.values_list("currency", "key").annotate(Count("pk"), Sum("amount_minor")):
        add(key, Sales(currency, orders=count, gross_minor=amount))
    grouped = returned.values_list("currency", "key").annotate(Count("pk"), Sum("amount_minor"))
    for currency, key, count, amount in grouped:
        add(key, Sales(currency, refund_count=count, refunds_minor=amount))
    return sums


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
