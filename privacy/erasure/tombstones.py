"""Tombstones: erased people stay erased, even if the main database is restored from a backup.

A tombstone is stored in the key store, which is never restored. It is written before the erasure and confirmed after
it; the erasure leaves a mark with the same ID in the main database. The four possible states:

- confirmed, marked: this database contains the erasure;
- confirmed, not marked: this database was restored from before the erasure; the site refuses to start without
  `restore_check`;
- not confirmed, marked: a crash prevented the confirmation; housekeeping confirms it;
- not confirmed, not marked: the erasure was interrupted; housekeeping finishes it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager

from django.db import models, transaction
from django.utils import timezone

from privacy.keystore.models import Tombstone
from privacy.keystore.router import ALIAS
from privacy.models import ErasureMark


@contextmanager
def record_tombstone(email: str, *, keep_usable: bool) -> Iterator[ErasureMark]:
    """Wraps an erasure in its transaction: writes the tombstone before, the mark with it, the confirmation on
    commit."""
    with transaction.atomic(using=ALIAS):
        tombstone = Tombstone.objects.create(fingerprint=email, keeps_usable=keep_usable)
    try:
        yield ErasureMark.objects.create(id=tombstone.pk, applied_at=tombstone.erased_at)
    except BaseException:
        tombstone.delete()
        raise
    transaction.on_commit(lambda: confirm([tombstone]))


def missing_erasures() -> list[Tombstone]:
    """Confirmed tombstones of erasures that this restored database lacks."""
    return unmarked(Tombstone.objects.filter(confirmed_at__isnull=False))


def unmarked(tombstones: models.QuerySet[Tombstone]) -> list[Tombstone]:
    """Tombstones without a mark in the main database. Two queries."""
    marked = set(ErasureMark.objects.values_list("pk", flat=True))
    return [tombstone for tombstone in tombstones if tombstone.pk not in marked]


def confirm(tombstones: Collection[Tombstone]) -> None:
    ids = [tombstone.pk for tombstone in tombstones]
    Tombstone.objects.filter(pk__in=ids, confirmed_at__isnull=True).update(confirmed_at=timezone.now())
