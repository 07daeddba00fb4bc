"""Retention: the purge deletes or redacts expired rows, as the registry declares."""

from __future__ import annotations

from datetime import datetime

from django.db import router, transaction

from privacy.registry.declarations import Erasure, PersonalData, personal_models
from privacy.registry.policy_gate import retention_in_effect

from .erase import apply_rule

BATCH = 500  # rows per transaction, so that the write lock is held only briefly


def purge_expired(*, now: datetime) -> dict[str, int]:
    """Purges every table. Returns the number of purged rows by label. Safe to run concurrently."""
    purged = {declaration.label: _purge(declaration, now) for declaration in personal_models()}
    return {label: rows for label, rows in purged.items() if rows}


def _purge(declaration: PersonalData, now: datetime) -> int:
    if declaration.at_expiry is Erasure.KEEP or not declaration.retention.since:
        return 0
    total = 0
    while rows := _purge_batch(declaration, now):
        total += rows
    return total


def _purge_batch(declaration: PersonalData, now: datetime) -> int:
    retention = retention_in_effect(declaration.model, declaration.retention)
    expired = declaration.model._base_manager.filter(retention.expired(now))
    if declaration.at_expiry is Erasure.REDACT:
        expired = expired.filter(declaration.still_personal)
    with transaction.atomic(using=router.db_for_write(declaration.model)):
        rows = list(expired.select_for_update(skip_locked=True)[:BATCH])
        apply_rule(declaration, declaration.at_expiry, rows)
    return len(rows)
