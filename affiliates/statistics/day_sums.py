"""Commissions by finished day of the business, and as they are now: for the reports of staff, which agree with the
shop's. `DailySales`, which affiliates see, has days in UTC."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db.models import Count, F, QuerySet, Sum, Value

from affiliates.models import Commission, CommissionDay
from privacy.admin_base.reporting.day_expression import day_of
from privacy.admin_base.reporting.day_sums import DaySums, Parts
from privacy.admin_base.reporting.periods import ReportPeriod
from privacy.registry.purpose_binding import reads
from privacy.registry.purposes import Audience, Purpose

from .sales_rollups import SUMS

# What a day is divided by: the column of the key.
PATHS = {"affiliate": "attribution__affiliate", "product": "attribution__order__product_name"}
Sums = Mapping[Any, Counter[str]]


def commissions_by(period: ReportPeriod, *, currency: str, by: str, affiliate: UUID | None = None) -> Sums:
    """The sums by `day`, or by the key of a division; of one affiliate, if given. At most four queries."""
    parts = COMMISSIONS_BY_DAY.parts(period)
    if affiliate is not None and by == "product":  # the one combination that no sum has
        parts = Parts(None, [period])
    sums: dict[Any, Counter[str]] = defaultdict(Counter)
    if parts.summed is not None:
        rows = CommissionDay.objects.filter(parts.summed, currency=currency).order_by()
        if affiliate is not None:
            rows = rows.filter(by="affiliate", key=str(affiliate))
        else:
            rows = rows.filter(by="" if by == "day" else by)
        for key, *values in rows.values_list("day" if by == "day" else "key").annotate(*map(Sum, SUMS)):
            sums[key].update(dict(zip(SUMS, values, strict=True)))
    if (live := parts.within("created_at")) is not None:
        lines = Commission.objects.filter(live, currency=currency).order_by()
        if affiliate is not None:
            lines = lines.filter(attribution__affiliate=affiliate)
        for key, day, _, counts in _grouped(lines, period, by):
            sums[day if by == "day" else key].update(counts)
    return sums


def _commissions(period: ReportPeriod) -> QuerySet[Commission]:
    return Commission.objects.filter(created_at__gte=period.start, created_at__lt=period.end).order_by()


def _grouped(
    lines: QuerySet[Commission], period: ReportPeriod, by: str
) -> Iterator[tuple[str, date, str, dict[str, int]]]:
    """Key, day and currency of each group. A rejected commission counts as an order, but earned nothing."""
    key = F(PATHS[by]) if by in PATHS else Value("")
    divided = lines.annotate(value=key, sold_on=day_of("created_at", period))
    counted = Count("pk"), Sum("base_minor"), Sum("amount_minor"), Sum("reversed_minor")
    for value, day, currency, state, orders, sales, amount, reversed_amount in divided.values_list(
        "value", "sold_on", "currency", "state"
    ).annotate(*counted):
        kept = state != Commission.State.REJECTED
        amounts = (orders, sales, kept * amount, kept * reversed_amount)
        yield str(value), day, currency, dict(zip(SUMS, amounts, strict=True))


@reads("affiliates_commission", purpose=Purpose.AFFILIATE_ACCOUNT, audience=Audience.SITE)
def _rows_of(period: ReportPeriod) -> list[CommissionDay]:
    sums: dict[tuple[date, str, str, str], Counter[str]] = defaultdict(Counter)
    for by in ("", *PATHS):
        for key, day, currency, counts in _grouped(_commissions(period), period, by):
            sums[day, currency, by, key].update(counts)
    return [
        CommissionDay(day=day, currency=currency, by=by, key=key, **counts)
        for (day, currency, by, key), counts in sums.items()
    ]


def _first() -> datetime | None:
    return Commission.objects.order_by("created_at").values_list("created_at", flat=True).first()


COMMISSIONS_BY_DAY = DaySums("commissions", CommissionDay, _rows_of, _first, lambda: PATHS)


def sum_commissions(*, now: datetime) -> int:
    """Sums the finished days. Returns how many."""
    return COMMISSIONS_BY_DAY.sum_finished(now=now)
