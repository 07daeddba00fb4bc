"""Repeating erasures that a restored database lacks, and finishing erasures that were interrupted."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator
from datetime import datetime, timedelta

from privacy.encryption.fields import SealedEmailField
from privacy.encryption.fingerprints import NormalForm
from privacy.encryption.normalization import email_fingerprint, former_email_fingerprint, normalize_email
from privacy.keystore.models import Tombstone
from privacy.models import ErasureMark
from privacy.registry.declarations import personal_models

from .erase import erase_person
from .tombstones import confirm, unmarked

INTERRUPTED_AFTER = timedelta(minutes=10)  # then an unconfirmed erasure counts as interrupted
BATCH = 500  # rows per query


def reapply(tombstones: Collection[Tombstone]) -> int:
    """Repeats these erasures, each in its own transaction. Can be repeated after an interruption. Returns how many
    people were found."""
    addresses = _addresses_of(tombstones)
    for address, own in addresses.items():
        # If someone was erased more than once, a license kept once is never ended by a restore.
        erase_person(email=address, keep_usable=any(tombstone.keeps_usable for tombstone in own))
    ErasureMark.objects.bulk_create([ErasureMark(id=t.pk) for t in tombstones], ignore_conflicts=True)
    confirm(tombstones)
    return len(addresses)


def finish_erasures(*, now: datetime) -> int:
    """Confirms completed erasures and finishes interrupted ones. Returns how many."""
    waiting = list(Tombstone.objects.filter(confirmed_at__isnull=True, erased_at__lte=now - INTERRUPTED_AFTER))
    cut_short = unmarked(Tombstone.objects.filter(pk__in=[tombstone.pk for tombstone in waiting]))
    reapply(cut_short)
    confirm(waiting)
    return len(waiting)


def _addresses_of(tombstones: Collection[Tombstone]) -> dict[str, list[Tombstone]]:
    """Stored addresses of these people, with their tombstones.

    Fingerprints are one-way, so every stored address is opened and compared; a million takes some seconds. A tombstone
    from before ADR 24 applies to everyone whose address had the same normal form then.
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
            found[normalize_email(address)] = own
    return found


def _all_addresses() -> Iterator[str]:
    for declaration in personal_models():
        for field in declaration.model._meta.local_concrete_fields:
            if isinstance(field, SealedEmailField):
                rows = declaration.model._base_manager.only("pk", field.name).filter(**{f"{field.name}__isnull": False})
                yield from (getattr(row, field.name) for row in rows.iterator(chunk_size=BATCH))
