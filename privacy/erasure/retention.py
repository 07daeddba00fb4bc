"""Retention: the purge deletes or redacts expired rows, as the registry declares.

Visitors come first: a transaction is kept short, so that none waits long for SQLite's write lock, and the purge rests
after each three times as long as it took, so that three quarters of the processor and the disk are left. Expired rows
are unreadable meanwhile.
"""

from __future__ import annotations

import time
from datetime import datetime
from typing import Any

from django.db import models, router, transaction

from privacy.registry.declarations import Erasure, PersonalData, Retention, personal_models
from privacy.registry.policy_gate import is_named, retention_in_effect

from .erase import apply_rule

BATCH, SMALLEST_BATCH = 500, 25  # rows per transaction
REST = 3  # times as long as a transaction took
WITHIN = 0.02  # seconds for a transaction; the next one has fewer rows if it took longer


def purge_expired(*, now: datetime) -> dict[str, int]:
    """Purges every table. Returns the number of purged rows by label. Safe to run concurrently."""
    purged = {declaration.label: _purge(declaration, now) for declaration in personal_models()}
    return {label: rows for label, rows in purged.items() if rows}


def _purge(declaration: PersonalData, now: datetime) -> int:
    if not is_named(declaration):
        return _delete_unnamed(declaration)
    retention = retention_in_effect(declaration.model, declaration.retention)
    if declaration.at_expiry is Erasure.KEEP or not retention.since:
        return 0
    total, size, after = 0, BATCH, None
    while True:
        start = time.monotonic()
        rows = _purge_batch(declaration, _expired(declaration, retention, now, after), size)
        took = time.monotonic() - start
        total += len(rows)
        if not rows:
            return total
        if len(rows) == size:
            time.sleep(REST * took)
        after = getattr(rows[-1], retention.since)
        size = min(BATCH, max(SMALLEST_BATCH, int(size * WITHIN / max(took, 0.001))))


def _delete_unnamed(declaration: PersonalData) -> int:
    """Deletes every row of a kind that a setting switches off, once the policy in effect doesn't name it any more."""
    total = 0
    while rows := _purge_batch(declaration, declaration.model._base_manager.order_by(), BATCH):
        total += len(rows)
    return total


def _expired(
    declaration: PersonalData, retention: Retention, now: datetime, after: datetime | None
) -> models.QuerySet[Any]:
    """From the oldest on, where an index knows the order: the next batch neither sorts the rest, nor passes by what was
    deleted, which PostgreSQL keeps until it is vacuumed."""
    rows: models.QuerySet[Any] = declaration.model._base_manager.filter(retention.expired(now)).order_by()
    if declaration.at_expiry is Erasure.REDACT:
        rows = rows.filter(declaration.still_personal)
    if not _is_indexed(declaration.model, retention.since):
        return rows
    return (rows.filter(**{f"{retention.since}__gte": after}) if after else rows).order_by(retention.since)


def _is_indexed(model: type[models.Model], column: str) -> bool:
    """By an index that the column begins, and that has all rows."""
    wholes = (index.fields for index in model._meta.indexes if index.condition is None)
    return getattr(model._meta.get_field(column), "db_index", False) or any(names[:1] == [column] for names in wholes)


def _purge_batch(declaration: PersonalData, expired: models.QuerySet[Any], size: int) -> list[models.Model]:
    with transaction.atomic(using=router.db_for_write(declaration.model)):
        rows = list(expired.select_for_update(skip_locked=True)[:size])
        apply_rule(declaration, declaration.at_expiry, rows)
    return rows
