"""Merges the rows of balances, and compares them with the entries they sum (ADR 21)."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Count

from affiliates.models import RunningSum

from .click_rollups import take_the_counter

BATCH = 5000  # rows, so that the database's write lock is never held for long
AT_ONCE = 50  # affiliates, whose balances in all currencies are always fewer than a batch has rows


class Key(NamedTuple):
    """The key of one balance."""

    affiliate_id: UUID
    currency: str
    what: str


# Actual balances minus expected ones, in one statement, so that no change comes between.
DIFFERENCES = """
    SELECT affiliate_id, currency, what, SUM(number) AS number, SUM(amount_minor) AS amount_minor FROM (
        SELECT affiliate_id, currency, what, number, amount_minor FROM affiliates_runningsum
        UNION ALL
        SELECT a.affiliate_id, c.currency, c.state, -1, c.reversed_minor - c.amount_minor
        FROM affiliates_commission c JOIN affiliates_attribution a ON a.id = c.attribution_id
        UNION ALL
        SELECT affiliate_id, currency, 'ledger', -1, -amount_minor FROM affiliates_ledgerentry
    ) added GROUP BY affiliate_id, currency, what HAVING SUM(number) <> 0 OR SUM(amount_minor) <> 0
"""
CORRECTION = f"""
    INSERT INTO affiliates_runningsum (affiliate_id, currency, what, number, amount_minor)
    SELECT affiliate_id, currency, what, -number, -amount_minor FROM ({DIFFERENCES}) wrong
"""  # noqa: S608 (nothing in it comes from outside)


def fold_sums(*, now: datetime) -> int:
    """Merges the rows of each balance into one. Returns how many rows were removed; safe to run concurrently."""
    several = RunningSum.objects.order_by().values(*Key._fields).annotate(rows=Count("pk")).filter(rows__gt=1)
    affiliates = list(several.values_list("affiliate", flat=True))
    return sum(_fold_of(set(affiliates[start : start + AT_ONCE]), now) for start in range(0, len(affiliates), AT_ONCE))


def _fold_of(affiliates: set[UUID], now: datetime) -> int:
    total = 0
    while folded := _fold_batch(affiliates, now):
        total += folded
    return total


@transaction.atomic
def _fold_batch(affiliates: set[UUID], now: datetime) -> int:
    """Replaces exactly the rows that were read: rows written in the meantime are kept."""
    take_the_counter(now)
    rows = list(RunningSum.objects.filter(affiliate__in=affiliates).order_by(*Key._fields)[:BATCH])
    sums: dict[Key, Counter[str]] = defaultdict(Counter)
    for row in rows:
        sums[Key(row.affiliate_id, row.currency, row.what)].update(number=row.number, amount_minor=row.amount_minor)
    if len(sums) < len(rows):
        RunningSum.objects.filter(pk__in=[row.pk for row in rows]).delete()
        RunningSum.objects.bulk_create(RunningSum(**key._asdict(), **sums[key]) for key in sums)
    return len(rows) - len(sums)


def differences() -> list[tuple[Key, int, int]]:
    """Each wrong balance, with the difference in entries and in minor units."""
    with connection.cursor() as cursor:
        cursor.execute(DIFFERENCES)
        return [(Key(UUID(str(owner)), *key), int(number), int(minor)) for owner, *key, number, minor in cursor]


def correct_sums() -> None:
    """Corrects each balance. The ledger and the commissions are the source of truth."""
    with connection.cursor() as cursor:
        cursor.execute(CORRECTION)
