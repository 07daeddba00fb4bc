"""Pruning: deletes old rows of tables that would only grow, as the registry says (`privacy.registry.growth`).

In small batches and for a few seconds only, so that a table that was never pruned delays nothing else: the next round
of housekeeping continues.
"""

from __future__ import annotations

import time
from datetime import datetime, timedelta
from typing import Any

from django.apps import apps
from django.db import models, router, transaction

from privacy.registry.declarations import growth_of
from privacy.registry.growth import PRUNING, Pruned

BATCH = 500  # rows per transaction, so that the write lock is held only briefly
SECONDS = 10.0  # per round


def prune_old_rows(*, now: datetime) -> int:
    """Returns how many rows it deleted. Safe to run concurrently."""
    until = time.monotonic() + SECONDS
    total = 0
    for model in apps.get_models(include_auto_created=True):
        rule = growth_of(model._meta.db_table)
        if isinstance(rule, Pruned) and rule.job == PRUNING:
            total += delete_in_batches(old_rows(model, rule, now), until=until)
    return total


def old_rows(model: type[models.Model], rule: Pruned, now: datetime) -> models.QuerySet[Any]:
    rows: Any = model._base_manager.all()
    if rule.rows:
        rows = getattr(model._default_manager.all(), rule.rows)()
    is_day = not isinstance(model._meta.get_field(rule.since), models.DateTimeField)
    before: Any = now - timedelta(days=rule.days)
    bound = {f"{rule.since}__lt": before.date()} if is_day else {f"{rule.since}__lte": before}
    return rows.filter(**bound)  # type: ignore[no-any-return]


def delete_in_batches(rows: models.QuerySet[Any], *, until: float) -> int:
    """Deletes rows until none is left, or until this moment of `time.monotonic()`. Returns how many."""
    total, deleted = 0, BATCH
    while deleted == BATCH and time.monotonic() < until:
        deleted = _delete_batch(rows)
        total += deleted
    return total


def _delete_batch(rows: models.QuerySet[Any]) -> int:
    with transaction.atomic(using=router.db_for_write(rows.model)):
        keys = list(rows.order_by().select_for_update(skip_locked=True).values_list("pk", flat=True)[:BATCH])
        rows.model._base_manager.filter(pk__in=keys).delete()
    return len(keys)
