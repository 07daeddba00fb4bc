"""Tombstones: whoever was erased stays erased, also when the main database is restored from a backup.

A tombstone lies in the key store, which is never restored. It is written before the erasure and confirmed after it; the
erasure itself leaves a mark with the same id in the main database. So at any later time, whatever crashed in between:

- confirmed, marked: this database has seen the erasure;
- confirmed, not marked: this database is older than the erasure. It must not serve before `restore_check`;
- not confirmed, marked: the program ended between the two; it is confirmed late;
- not confirmed, not marked: the erasure was cut short; housekeeping finishes it, as the person asked.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from django.conf import settings
from django.db import models, transaction
from django.utils import timezone

from .encryption.fields import SealedEmailField
from .encryption.normalise import email_fingerprint, former_email_fingerprint, normalise_email
from .fingerprints import NormalForm
from .keystore.models import Tombstone
from .keystore.router import ALIAS
from .models import ErasureMark
from .registry import personal_models

CUT_SHORT_AFTER = timedelta(minutes=10)  # an erasure that is not confirmed by then is not under way any more
BATCH = 500  # rows read at once


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
    transaction.on_commit(lambda: _confirm([tombstone]))


def not_applied() -> list[Tombstone]:
    """Confirmed tombstones of erasures that this database has not seen: it was restored from before them."""
    return _unmarked(Tombstone.objects.filter(confirmed_at__isnull=False))


def reapply(tombstones: Collection[Tombstone]) -> int:
    """Erases again whoever these tombstones are of, each in a transaction of its own; cut short, it is just repeated.
    Returns how many people were found."""
    from .erasure import erase_person  # which itself leaves tombstones

    addresses = _addresses_of(tombstones)
    for address, own in addresses.items():
        # Of somebody who was erased more than once: a license that they kept is never ended by a restore.
        erase_person(email=address, keep_usable=any(tombstone.keeps_usable for tombstone in own))
    ErasureMark.objects.bulk_create([ErasureMark(id=t.pk) for t in tombstones], ignore_conflicts=True)
    _confirm(tombstones)
    return len(addresses)


def finish_erasures(*, now: datetime) -> int:
    """Confirms what was erased, finishes what was cut short, forgets marks that are too old. Returns how many."""
    waiting = list(Tombstone.objects.filter(confirmed_at__isnull=True, erased_at__lte=now - CUT_SHORT_AFTER))
    cut_short = _unmarked(Tombstone.objects.filter(pk__in=[tombstone.pk for tombstone in waiting]))
    reapply(cut_short)
    _confirm(waiting)
    # A day longer than the tombstones themselves, so that none is without its mark.
    ErasureMark.objects.filter(applied_at__lt=now - timedelta(days=settings.BACKUP_DAYS + 1)).delete()
    return len(waiting)


def _unmarked(tombstones: models.QuerySet[Tombstone]) -> list[Tombstone]:
    """Two databases, so two queries. There are as many tombstones as people were erased in the last BACKUP_DAYS."""
    marked = set(ErasureMark.objects.values_list("pk", flat=True))
    return [tombstone for tombstone in tombstones if tombstone.pk not in marked]


def _confirm(tombstones: Collection[Tombstone]) -> None:
    ids = [tombstone.pk for tombstone in tombstones]
    Tombstone.objects.filter(pk__in=ids, confirmed_at__isnull=True).update(confirmed_at=timezone.now())


def _addresses_of(tombstones: Collection[Tombstone]) -> dict[str, list[Tombstone]]:
    """One address of each of these people who is in any row, with their tombstones.

    No index leads from a fingerprint to an address: that is why a tombstone says so little. So every sealed address is
    opened once; a million takes some seconds. A tombstone from before ADR 24 is of everybody who had that normal form
    then: they were erased together.
    """
    present, former = defaultdict[str, list[Tombstone]](list), defaultdict[str, list[Tombstone]](list)
    for tombstone in tombstones:
        present[tombstone.fingerprint].append(tombstone)
        if tombstone.normal_form == NormalForm.FORMER:
            former[tombstone.fingerprint].append(tombstone)
    found: dict[str, list[Tombstone]] = {}
    for address in _all_addresses() if tombstones else ():
        own = [*present.get(email_fingerprint(address), ()), *former.get(former_email_fingerprint(address), ())]
        if own:
            found[normalise_email(address)] = own
    return found


def _all_addresses() -> Iterator[str]:
    for declaration in personal_models():
        for field in declaration.model._meta.local_concrete_fields:
            if isinstance(field, SealedEmailField):
                rows = declaration.model._base_manager.only("pk", field.name).filter(**{f"{field.name}__isnull": False})
                yield from (getattr(row, field.name) for row in rows.iterator(chunk_size=BATCH))
