"""Tombstones: whoever was erased stays erased, also when the main database is restored from a backup.

A tombstone lies in the key store, which is never restored. It is written before the erasure and confirmed after it; the
erasure itself leaves a mark with the same id in the main database. So at any later time, whatever crashed in between:

- confirmed, marked: this database has seen the erasure;
- confirmed, not marked: this database is older than the erasure. It must not serve before `restore_check`;
- not confirmed, marked: the program ended between the two; it is confirmed late;
- not confirmed, not marked: the erasure was cut short; housekeeping finishes it, as the person asked.
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
def buried(email: str, *, keep_usable: bool) -> Iterator[ErasureMark]:
    """Around an erasure, inside its transaction: the tombstone before it, the mark with it, the confirmation after."""
    with transaction.atomic(using=ALIAS):
        tombstone = Tombstone.objects.create(fingerprint=email, keeps_usable=keep_usable)
    try:
        yield ErasureMark.objects.create(id=tombstone.pk, applied_at=tombstone.erased_at)
    except BaseException:
        tombstone.delete()
        raise
    transaction.on_commit(lambda: confirm([tombstone]))


def not_applied() -> list[Tombstone]:
    """Confirmed tombstones of erasures that this database has not seen: it was restored from before them."""
    return unmarked(Tombstone.objects.filter(confirmed_at__isnull=False))


def unmarked(tombstones: models.QuerySet[Tombstone]) -> list[Tombstone]:
    """Two databases, so two queries. There are as many tombstones as people were erased in the last BACKUP_DAYS."""
    marked = set(ErasureMark.objects.values_list("pk", flat=True))
    return [tombstone for tombstone in tombstones if tombstone.pk not in marked]


def confirm(tombstones: Collection[Tombstone]) -> None:
    ids = [tombstone.pk for tombstone in tombstones]
    Tombstone.objects.filter(pk__in=ids, confirmed_at__isnull=True).update(confirmed_at=timezone.now())
