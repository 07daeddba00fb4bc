"""Merges the rows of balances, and compares them with the entries they sum (ADR 21)."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Count

from affiliates.models import BalanceDelta

from .click_rollups import acquire_rollup_lock

BATCH = 5000  # rows, so that the database's write lock is never held for long
AT_ONCE = 50  # affiliates, whose balances in all currencies are always fewer than a batch has rows


class BalanceKey(NamedTuple):
    """The key of one balance."""

    affiliate_id: UUID
    currency: str
    bucket: str


# Actual balances minus expected ones, in one statement, so that no change comes between.
DIFFERENCES = """
    SELECT affiliate_id, currency, bucket, SUM(entry_count) AS entry_count, SUM(amount_minor) AS amount_minor FROM (
        SELECT affiliate_id, currency, bucket, entry_count, amount_minor FROM affiliates_balancedelta
        UNION ALL
        SELECT a.affiliate_id, c.currency, c.state, -1, c.reversed_minor - c.amount_minor
        FROM affiliates_commission c JOIN affiliates_attribution a ON a.id = c.attribution_id
        UNION ALL
        SELECT affiliate_id, currency, 'ledger', -1, -amount_minor FROM affiliates_ledgerentry
    ) added GROUP BY affiliate_id, currency, bucket HAVING SUM(entry_count) <> 0 OR SUM(amount_minor) <> 0
"""
CORRECTION = f"""
    INSERT INTO affiliates_balancedelta (affiliate_id, currency, bucket, entry_count, amount_minor)
    SELECT affiliate_id, currency, bucket, -entry_count, -amount_minor FROM ({DIFFERENCES}) wrong
"""  # noqa: S608 (nothing in it comes from outside)


def merge_balance_rows(*, now: datetime) -> int:
    """Merges the rows of each balance into one. Returns how many rows were removed; safe to run concurrently."""
    several = BalanceDelta.objects.order_by().values(*BalanceKey._fields).annotate(rows=Count("pk")).filter(rows__gt=1)
    affiliates = list(several.values_list("affiliate", flat=True))
    return sum(
        _merge_rows_of(set(affiliates[start : start + AT_ONCE]), now) for start in range(0, len(affiliates), AT_ONCE)
    )


def _merge_rows_of(affiliates: set[UUID], now: datetime) -> int:
    total = 0
    while merged := _merge_batch(affiliates, now):
        total += merged
    return total


@transaction.atomic
def _merge_batch(affiliates: set[UUID], now: datetime) -> int:
    """Replaces exactly the rows that were read: rows written in the meantime are kept."""
    acquire_rollup_lock(now)
    rows = list(BalanceDelta.objects.filter(affiliate__in=affiliates).order_by(*BalanceKey._fields)[:BATCH])
    sums: dict[BalanceKey, Counter[str]] = defaultdict(Counter)
    for row in rows:
        key = BalanceKey(row.affiliate_id, row.currency, row.bucket)
        sums[key].update(entry_count=row.entry_count, amount_minor=row.amount_minor)
    if len(sums) < len(rows):
        BalanceDelta.objects.filter(pk__in=[row.pk for row in rows]).delete()
        BalanceDelta.objects.bulk_create(BalanceDelta(**key._asdict(), **sums[key]) for key in sums)
    return len(rows) - len(sums)


def balance_differences() -> list[tuple[BalanceKey, int, int]]:
    """Each wrong balance, with the difference in entries and in minor units."""
    with connection.cursor() as cursor:
        cursor.execute(DIFFERENCES)
        return [(BalanceKey(UUID(str(owner)), *key), int(count), int(minor)) for owner, *key, count, minor in cursor]


def correct_balances() -> None:
    """Corrects each balance. The ledger and the commissions are the source of truth."""
    with connection.cursor() as cursor:
        cursor.execute(CORRECTION)
