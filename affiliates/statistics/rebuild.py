"""Rebuilds the roll-ups from the rows they were counted from, and reports differences.

Clicks can be recounted while all clicks of their day are kept; earlier days are left as they are. Sales, and the
finished days of reports, can always be recalculated.
"""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, time, timedelta

from django.db import transaction
from django.db.models import Count, F, Sum
from django.db.models.functions import TruncDate

from affiliates.models import (
    DIMENSIONS,
    REFERRAL_LIFE,
    By,
    Click,
    Commission,
    DailyClicks,
    DailySales,
    PendingVisitCount,
)
from shop.money import Money
from shop.reports.day_sums import SALES_BY_DAY

from .balances import balance_differences, correct_balances
from .click_rollups import ClickKey, UncountedVisit, acquire_rollup_lock, aggregate_visits, count_visits, dimensions_of
from .day_sums import COMMISSIONS_BY_DAY
from .sales_rollups import SUMS, recalculate_sales, sales_of, stored_sales


def rebuild(*, now: datetime, change: bool = True) -> list[str]:
    """Returns the differences, one line per statistic. With `change`, also corrects them."""
    count_visits(now=now)
    of_affiliates = [*_rebuild_clicks(now, change), *_rebuild_sales(change), *_rebuild_balances(change)]
    return [*of_affiliates, *_rebuild_finished_days(change)]


@transaction.atomic
def _rebuild_clicks(now: datetime, change: bool) -> list[str]:
    acquire_rollup_lock(now)
    first = datetime.combine(now.astimezone(UTC).date() - REFERRAL_LIFE + timedelta(days=1), time.min, UTC)
    rows = DailyClicks.objects.filter(day__gte=first.date())
    stored = {ClickKey(r.affiliate_id, r.day, r.by, r.label): r for r in rows}
    counted = {key: counts["clicks"] for key, counts in aggregate_visits(_uncounted_visits(first)).items()}
    wanted = {
        key: counted.get(key, 0) + (stored[key].unstored_clicks if key in stored else 0) for key in {*counted, *stored}
    }
    found = {key: row.clicks for key, row in stored.items()}
    wrong = {key: clicks for key, clicks in wanted.items() if clicks != found.get(key, 0)}
    if change:
        DailyClicks.objects.bulk_create((DailyClicks(**key._asdict()) for key in wrong), ignore_conflicts=True)
        for key, clicks in wrong.items():
            DailyClicks.objects.filter(**key._asdict()).update(clicks=clicks)
    return [_describe_difference(key, "clicks", found.get(key, 0), clicks) for key, clicks in sorted(wrong.items())]


def _uncounted_visits(first: datetime) -> list[UncountedVisit]:
    """The clicks that the statistics must include, read in one statement, so that no deletion comes between.

    A row that was deleted a moment ago has left a tally that is not counted yet.
    """
    rows = (
        Click._base_manager.filter(counted=True, clicked_at__gte=first)
        .annotate(the_day=TruncDate("clicked_at", tzinfo=UTC))
        .order_by()
        .values_list("affiliate_id", "the_day", *DIMENSIONS.values())
        .annotate(total=Count("pk"))
    )
    gone = (
        PendingVisitCount.objects.filter(day__gte=first.date())
        .order_by()
        .values_list("affiliate_id", "day", *DIMENSIONS.values())
        .annotate(total=Sum(F("unstored_clicks") - F("clicks")))
        .exclude(total=0)
    )
    return [
        UncountedVisit(affiliate, day, dimensions_of(*values), {"clicks": total})
        for affiliate, day, *values, total in rows.union(gone, all=True).order_by()
    ]


def _rebuild_sales(change: bool) -> list[str]:
    wanted, found = sales_of(Commission.objects.all()), stored_sales(DailySales.objects.all())
    wrong = [key for key in sorted({*wanted, *found}) if wanted[key] != found.get(key, Counter())]
    if change:
        for affiliate_id, day, currency in sorted({key[:3] for key in wrong}):
            recalculate_sales(affiliate_id=affiliate_id, day=day, currency=currency)
    return [
        _describe_difference(
            ClickKey(key.affiliate_id, key.day, By.ALL.value, ""),
            f"{name} in {key.currency}",
            found.get(key, Counter())[name],
            wanted[key][name],
        )
        for key in wrong
        for name in SUMS
        if wanted[key][name] != found.get(key, Counter())[name]
    ]


def _rebuild_balances(change: bool) -> list[str]:
    wrong = balance_differences()
    if wrong and change:
        correct_balances()
    return [
        f"the balance of {key.bucket}, affiliate {str(key.affiliate_id)[-8:]}: {Money(int(minor), key.currency)} and"
        f" {entry_count} entries more than the sum of its entries"
        for key, entry_count, minor in wrong
    ]


def _rebuild_finished_days(change: bool) -> list[str]:
    lines = []
    for sums in (SALES_BY_DAY, COMMISSIONS_BY_DAY):
        wrong = sums.differing_days()
        if change:
            sums.sum_again(wrong)
        lines += [f"{day}: the sums of the day's {sums.subject}" for day in wrong]
    return lines


def _describe_difference(key: ClickKey, what: str, found: int, wanted: int) -> str:
    label = f", {key.by} {key.label}" if key.label else ""
    return f"{key.day} affiliate {str(key.affiliate_id)[-8:]}{label}: {found} {what}, recounted {wanted}"
