"""Daily sales statistics. A new commission is added to its day; when one changes, its day is recalculated.

Commissions are never deleted, so a day can always be recalculated. Saving a commission triggers both by a signal.
`update()` is reserved for payout steps, which change no statistic: rejections and reversals are saved.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from django.db import transaction
from django.db.models import Count, F, QuerySet, Sum
from django.db.models.functions import TruncDate

from affiliates.models import Commission, DailySales

SUMS = ("orders", "sales_minor", "earned_minor", "reversed_minor")
State = Commission.State


class SalesKey(NamedTuple):
    """The key of one row of statistics."""

    affiliate_id: UUID
    day: date
    currency: str


def add_sale(commission: Commission) -> None:
    """Adds a new commission to its day; recalculates the day if it is the first.

    Whoever recalculates the day meanwhile holds the lock of its row, and doesn't see this commission yet.
    """
    row = DailySales.objects.filter(
        affiliate=commission.attribution.affiliate_id, day=_day_of(commission), currency=commission.currency
    )
    counts = _counts(commission.state, 1, commission.base_minor, commission.amount_minor, commission.reversed_minor)
    if not row.update(**{name: F(name) + count for name, count in counts.items()}):
        recalculate_sales_of(commission)


def recalculate_sales_of(commission: Commission) -> None:
    """Recalculates the day of this commission, for its affiliate and currency."""
    affiliate_id = commission.attribution.affiliate_id
    recalculate_sales(affiliate_id=affiliate_id, day=_day_of(commission), currency=commission.currency)


@transaction.atomic
def recalculate_sales(*, affiliate_id: UUID, day: date, currency: str) -> None:
    """Recalculates one day. A row lock serializes concurrent calls, so that neither misses the other's change."""
    whole = SalesKey(affiliate_id, day, currency)
    DailySales.objects.bulk_create([DailySales(**whole._asdict())], ignore_conflicts=True)
    DailySales.objects.select_for_update().get(**whole._asdict())
    lines = Commission.objects.filter(
        attribution__affiliate=affiliate_id, currency=currency, created_at__gte=_start(day), created_at__lt=_end(day)
    )
    sums = sales_of(lines)
    sums.setdefault(whole, Counter())  # a day without sales has a row of zeros
    _write(sums)


def sales_of(lines: QuerySet[Commission]) -> dict[SalesKey, Counter[str]]:
    """The daily totals of these commissions. A rejected one counts as an order, but earned nothing."""
    grouped = (
        lines.order_by()
        .annotate(sold_on=TruncDate("created_at", tzinfo=UTC))
        .values_list("attribution__affiliate", "sold_on", "currency", "state")
        .annotate(Count("pk"), Sum("base_minor"), Sum("amount_minor"), Sum("reversed_minor"))
    )
    sums: dict[SalesKey, Counter[str]] = defaultdict(Counter)
    for affiliate, day, currency, state, orders, sales, earned, reversed_amount in grouped:
        sums[SalesKey(affiliate, day, currency)].update(_counts(state, orders, sales, earned, reversed_amount))
    return sums


def _counts(state: str, orders: int, sales: int, earned: int, reversed_amount: int) -> dict[str, int]:
    if state == State.REJECTED:
        earned = reversed_amount = 0
    return {"orders": orders, "sales_minor": sales, "earned_minor": earned, "reversed_minor": reversed_amount}


def _write(sums: dict[SalesKey, Counter[str]]) -> None:
    DailySales.objects.bulk_create(
        (DailySales(**key._asdict(), **counts) for key, counts in sums.items()),
        batch_size=500,
        update_conflicts=True,
        unique_fields=["affiliate", "day", "currency"],
        update_fields=list(SUMS),
    )


def stored_sales(rows: QuerySet[DailySales]) -> dict[SalesKey, Counter[str]]:
    """The stored totals."""
    columns: tuple[Any, ...] = (*SalesKey._fields, *SUMS)
    size = len(SalesKey._fields)
    return {
        SalesKey(*row[:size]): Counter(dict(zip(SUMS, row[size:], strict=True)))
        for row in rows.order_by().values_list(*columns)
    }


def _day_of(commission: Commission) -> date:
    return commission.created_at.astimezone(UTC).date()


def _start(day: date) -> datetime:
    return datetime.combine(day, time.min, UTC)


def _end(day: date) -> datetime:
    return _start(day + timedelta(days=1))
