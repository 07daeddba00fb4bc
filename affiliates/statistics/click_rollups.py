"""Roll-ups: adds visits to the statistics of their day, exactly once, even if interrupted.

Counting a click and marking its row as counted is one transaction, and so is adding a `PendingVisitCount` and deleting
it. Only one process counts at a time.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import UTC, date, datetime
from typing import NamedTuple
from uuid import UUID

from django.db import transaction
from django.db.models import F

from affiliates.models import COUNTERS, DIMENSIONS, By, Click, DailyClicks, HourlyClicks, PendingVisitCount
from privacy.models import Heartbeat

BATCH = 500  # rows, so that the database's write lock is never held for long


class ClickKey(NamedTuple):
    """The key of one row of statistics."""

    affiliate_id: UUID
    day: date
    by: str
    label: str


class UncountedVisit(NamedTuple):
    """Something to be counted."""

    affiliate_id: UUID
    day: date
    labels: tuple[tuple[str, str], ...]
    counts: dict[str, int]


def count_visits(*, now: datetime) -> int:
    """Adds new visits to the statistics. Returns how many; safe to run concurrently."""
    total = 0
    while counted := _count_batch(now):
        total += counted
    return total


@transaction.atomic
def _count_batch(now: datetime) -> int:
    acquire_rollup_lock(now)
    clicks, pending_visit_counts = _uncounted_clicks(), list(PendingVisitCount.objects.order_by("pk")[:BATCH])
    happened = [*map(_from_click, clicks), *map(_from_pending_count, pending_visit_counts)]
    _add_to_daily_clicks(aggregate_visits(happened))
    _add_to_hourly_clicks(clicks)
    Click._base_manager.filter(pk__in=[click.pk for click in clicks]).update(counted=True)
    PendingVisitCount.objects.filter(pk__in=[row.pk for row in pending_visit_counts]).delete()
    return len(happened)


def acquire_rollup_lock(now: datetime) -> None:
    """Locks counting until the end of the transaction."""
    Heartbeat.objects.get_or_create(name="figures", defaults={"at": now})
    Heartbeat.objects.filter(name="figures").update(at=now)


def _uncounted_clicks() -> list[Click]:
    """Locked, so that none is deleted in the meantime; a click that is being deleted records itself."""
    rows = Click._base_manager.filter(counted=False).select_for_update(skip_locked=True).order_by("clicked_at")
    return list(rows.only("affiliate_id", "clicked_at", *DIMENSIONS.values())[:BATCH])


def _from_click(click: Click) -> UncountedVisit:
    day = click.clicked_at.astimezone(UTC).date()
    return UncountedVisit(click.affiliate_id, day, _dimensions(click), {"clicks": 1})


def _from_pending_count(row: PendingVisitCount) -> UncountedVisit:
    counts = {name: getattr(row, name) for name in COUNTERS}
    return UncountedVisit(row.affiliate_id, row.day, _dimensions(row), counts)


def _dimensions(visit: Click | PendingVisitCount) -> tuple[tuple[str, str], ...]:
    return dimensions_of(*(getattr(visit, column) for column in DIMENSIONS.values()))


def dimensions_of(*values: UUID | str | None) -> tuple[tuple[str, str], ...]:
    """What a visit is counted under, besides the whole day, by its values in the columns of `DIMENSIONS`."""
    labels = (value.hex if isinstance(value, UUID) else value or "" for value in values)
    return tuple((by.value, label) for by, label in zip(DIMENSIONS, labels, strict=True))


def aggregate_visits(happened: list[UncountedVisit]) -> dict[ClickKey, Counter[str]]:
    """The statistics that each visit belongs to: its day, its campaign and its page."""
    sums: dict[ClickKey, Counter[str]] = defaultdict(Counter)
    for row in happened:
        sums[ClickKey(row.affiliate_id, row.day, By.ALL.value, "")].update(row.counts)
        for by, label in row.labels:
            if label:
                sums[ClickKey(row.affiliate_id, row.day, by, label)].update(row.counts)
    return sums


def _add_to_daily_clicks(sums: dict[ClickKey, Counter[str]]) -> None:
    DailyClicks.objects.bulk_create((DailyClicks(**key._asdict()) for key in sums), ignore_conflicts=True)
    for key, counts in sums.items():
        changes = {name: F(name) + count for name, count in counts.items() if count}
        DailyClicks.objects.filter(**key._asdict()).update(**changes)


def _add_to_hourly_clicks(clicks: list[Click]) -> None:
    hours = Counter(
        (click.affiliate_id, click.clicked_at.astimezone(UTC).replace(minute=0, second=0, microsecond=0))
        for click in clicks
    )
    rows = [HourlyClicks(affiliate_id=affiliate_id, hour=hour) for affiliate_id, hour in hours]
    HourlyClicks.objects.bulk_create(rows, ignore_conflicts=True)
    for (affiliate_id, hour), count in hours.items():
        HourlyClicks.objects.filter(affiliate_id=affiliate_id, hour=hour).update(clicks=F("clicks") + count)
