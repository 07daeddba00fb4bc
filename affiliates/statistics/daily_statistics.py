"""An affiliate's statistics per day, month, campaign or page: the roll-ups plus what they don't include yet.

A click shows immediately. The cost is two queries over a few rows per day, however many clicks and sales there were.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Literal, TypeVar

from django.db.models import CharField, Count, DateField, Q, Sum, Value
from django.db.models.functions import Cast, TruncDate

from affiliates.models import COUNTERS, DIMENSIONS, Affiliate, By, Click, DailyClicks, DailySales, PendingVisitCount
from privacy.registry.purpose_binding import reads
from privacy.registry.purposes import Audience, Purpose

from .sales_rollups import SUMS

Group = TypeVar("Group", bound=Hashable)
SHOWN = [name for name in (*COUNTERS, *SUMS) if name != "unstored_clicks"]


@dataclass(frozen=True)
class Statistics:
    """What happened in a period. Amounts are minor units (cents for USD)."""

    clicks: int = 0
    bots: int = 0
    previews: int = 0
    refused: int = 0
    orders: int = 0
    sales_minor: int = 0
    earned_minor: int = 0
    reversed_minor: int = 0

    def __add__(self, other: Statistics) -> Statistics:
        return Statistics(**{name: getattr(self, name) + getattr(other, name) for name in SHOWN})


def statistics_by_period(
    affiliate: Affiliate,
    *,
    since: date,
    until: date,
    currency: str,
    by: Literal["day", "month"] = "day",
) -> dict[date, Statistics]:
    """The statistics per day, or per month (keyed by its first day), from `since` to `until` inclusive, without gaps.

    Days are UTC.
    """
    lines = [*_visit_rows(affiliate, since, until, By.ALL), *_sale_rows(affiliate, since, until, currency)]
    sums = _sum_by_group((day.replace(day=1) if by == "month" else day, counts) for day, _, counts in lines)
    return {start: sums.get(start, Statistics()) for start in _period_starts(since, until, by)}


def breakdown(affiliate: Affiliate, *, by: By, since: date, until: date) -> dict[str, Statistics]:
    """Visits per campaign label (its id in hexadecimal) or per page, most clicks first, without unlabeled visits. Sales
    are not known per day and label: see `affiliates.statistics.label_sales`."""
    lines = _visit_rows(affiliate, since, until, by, per_day=False)
    sums = _sum_by_group((_without_hyphens(label, by), counts) for _, label, counts in lines if label)
    return dict(sorted(sums.items(), key=lambda line: (-line[1].clicks, line[0])))


def _without_hyphens(label: str, by: By) -> str:
    """PostgreSQL writes ids with hyphens."""
    return label.replace("-", "") if by == By.CAMPAIGN else label


Lines = Iterable[tuple[date, str, dict[str, int]]]


def _sale_rows(affiliate: Affiliate, since: date, until: date, currency: str) -> Lines:
    sales = DailySales.objects.filter(affiliate=affiliate, day__range=(since, until), currency=currency)
    for day, *counts in sales.order_by().values_list("day", *SUMS):
        yield day, "", dict(zip(SUMS, counts, strict=True))


@reads("affiliates_click", purpose=Purpose.REFERRAL_TRACKING, audience=Audience.AFFILIATE)
def _visit_rows(affiliate: Affiliate, since: date, until: date, by: By, *, per_day: bool = True) -> Lines:
    """One statement, so that a click that is being counted is in exactly one of the parts. Unless `per_day`, the days
    that were added up are one row per label, dated `since`."""
    days = Q(affiliate=affiliate, day__range=(since, until))
    added: Any = DailyClicks.objects.filter(days, by=by).order_by()
    if per_day:
        added = added.values_list("day", "label", *COUNTERS)
    else:
        start = Value(since, output_field=DateField())
        sums = {f"of_{name}": Sum(name) for name in COUNTERS}
        added = added.annotate(start=start).values_list("start", "label").annotate(**sums)
    clicks = (
        Click._base_manager.filter(affiliate=affiliate, counted=False)
        .filter(clicked_at__gte=_midnight(since), clicked_at__lt=_midnight(until + timedelta(days=1)))
        .annotate(day=TruncDate("clicked_at", tzinfo=UTC), under=_dimension_column(by))
        .order_by()
        .values_list("day", "under")
        .annotate(clicks=Count("pk"), **{name: Value(0) for name in COUNTERS if name != "clicks"})
    )
    pending_visit_counts = (
        PendingVisitCount.objects.filter(days)
        .annotate(under=_dimension_column(by))
        .order_by()
        .values_list("day", "under")
        .annotate(**{f"of_{name}": Sum(name) for name in COUNTERS})
    )
    lines = added.union(clicks, pending_visit_counts, all=True).order_by()
    return [(day, label, dict(zip(COUNTERS, counts, strict=True))) for day, label, *counts in lines]


def _dimension_column(by: By) -> Cast | Value:
    return Cast(DIMENSIONS[by], CharField()) if by in DIMENSIONS else Value("")


def _sum_by_group(lines: Iterable[tuple[Group, dict[str, int]]]) -> dict[Group, Statistics]:
    sums: dict[Group, Counter[str]] = defaultdict(Counter)
    for group, counts in lines:
        sums[group].update(counts)
    return {group: Statistics(**{name: counts[name] for name in SHOWN}) for group, counts in sums.items()}


def _period_starts(since: date, until: date, by: str) -> Iterator[date]:
    day = since.replace(day=1) if by == "month" else since
    while day <= until:
        yield day
        day = (day + timedelta(days=31)).replace(day=1) if by == "month" else day + timedelta(days=1)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time.min, UTC)
