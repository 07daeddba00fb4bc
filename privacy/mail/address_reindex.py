"""Computes the indexes of stored addresses anew when the rules for addresses change (ADR 24).

It happens by itself: at the end of `migrate`, again a day later by housekeeping (for what processes of the former
version wrote meanwhile), and with each `rotate_keys`. Every change compares and swaps, so a writer in between wins; cut
short, it is just run again. Addresses in ASCII have the same normal form under all rules, and are left alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import idna
from django.db import IntegrityError, connections, models, router, transaction
from django.utils import timezone

from privacy.encryption.blind_index import BlindIndex, BlindIndexField
from privacy.encryption.normalization import email_fingerprint, former_normal_form, normalize_email
from privacy.models import PrivacyRequest
from privacy.models.address_index import AddressChange, AddressIndexing

from .stored_addresses import indexed_addresses

RULES = f"2, Unicode {idna.idnadata.__version__}"  # of ADR 24; what `idna` maps is part of them
REPEAT_AFTER = timedelta(days=1)
BATCH = 500  # rows read at a time

Change = AddressChange.Change


@dataclass(frozen=True)
class IndexedAddress:
    """A column with addresses and the blind index that finds it."""

    model: type[models.Model]
    address: str
    index: BlindIndexField

    def rows(self) -> Iterator[Any]:
        """Every row with an address beyond ASCII, in batches that hold no cursor open."""
        rows = self.model._base_manager.only("pk", self.address, self.index.name).order_by("pk")
        rows, after = rows.filter(**{f"{self.address}__isnull": False}), None
        while batch := list((rows if after is None else rows.filter(pk__gt=after))[:BATCH]):
            yield from (row for row in batch if not getattr(row, self.address).isascii())
            after = batch[-1].pk

    def others(self, row: models.Model, found_by: str) -> list[str]:
        """Addresses of the other rows that a look-up of this address finds."""
        rows = self.model._base_manager.filter(**{self.index.name: found_by}).exclude(pk=row.pk)
        return [getattr(other, self.address) for other in rows.filter(**{f"{self.address}__isnull": False})]


def indexed() -> list[IndexedAddress]:
    """All there are. A request is found by the fingerprint of its address."""
    found = [IndexedAddress(declared.model, index.source, index) for declared, index in indexed_addresses()]
    by_fingerprint: Any = PrivacyRequest._meta.get_field("email_index")
    return [*found, IndexedAddress(PrivacyRequest, "email", by_fingerprint)]


def keep_address_indexes(*, now: datetime) -> int:
    """Computes what the present rules have not computed yet. Returns how many rows changed; mostly one query."""
    done = AddressIndexing.objects.filter(rules=RULES).first()
    if done is None:
        changed = reindex_addresses(now=now)
        AddressIndexing.objects.get_or_create(rules=RULES, defaults={"done_at": now})
        return changed
    if done.repeated_at is None and now >= done.done_at + REPEAT_AFTER:
        changed = reindex_addresses(now=now)
        AddressIndexing.objects.filter(pk=done.pk).update(repeated_at=now)
        return changed
    return 0


def reindex_after_migrating(*, using: str, **_signal: Any) -> None:
    """At the end of `migrate`. A migration back leaves tables out; then there is nothing to do yet."""
    tables = {column.model._meta.db_table for column in indexed()} | {AddressIndexing._meta.db_table}
    if using == router.db_for_write(AddressIndexing) and tables <= set(connections[using].introspection.table_names()):
        keep_address_indexes(now=timezone.now())


def reindex_addresses(*, now: datetime) -> int:
    """Returns how many rows changed; those that staff should look at are listed in `AddressChange`."""
    return sum(_reindex(column, row, now) for column in indexed() for row in column.rows())


def _reindex(column: IndexedAddress, row: Any, now: datetime) -> bool:
    email, old = getattr(row, column.address), row.__dict__[column.index.attname]
    if old is not None and bytes(old) in map(bytes, column.index.candidates(email)):
        return False
    new: dict[str, Any] = {column.index.name: column.index.compute(email)}
    if column.model is PrivacyRequest:
        new["fingerprint"] = row.sealed("fingerprint", email_fingerprint(email))
    if old is None and column.index.null and _is_listed(row, Change.DUPLICATE):
        return False  # waits for staff
    with transaction.atomic():
        notes = [Change.SEPARATED] if _was_shared(row, email) else []
        try:
            with transaction.atomic():
                changed = _swap(column, row, old, new)
        except IntegrityError:  # another row has this address, in another spelling: only one may be found by it
            changed, notes = _swap(column, row, old, {column.index.name: None}), [Change.DUPLICATE]
        if changed and Change.DUPLICATE not in notes and _is_shared(column, row, email):
            notes.append(Change.JOINED)
        if changed:
            for note in notes:
                AddressChange.objects.get_or_create(
                    model=row._meta.label, row_id=row.pk, change=note, defaults={"noticed_at": now}
                )
    return changed


def _swap(column: IndexedAddress, row: models.Model, old: bytes | None, new: dict[str, Any]) -> bool:
    """Only where the index still is what was read, and the address is still there."""
    still = {f"{column.index.name}__isnull": True} if old is None else {column.index.name: BlindIndex(old)}
    there = {f"{column.address}__isnull": False}
    return bool(column.model._base_manager.filter(pk=row.pk, **still, **there).update(**new))


def _was_shared(row: models.Model, email: str) -> bool:
    """Somebody else's row, of any kind, was found by the former form of this address."""
    own, former = normalize_email(email), former_normal_form(email)
    return any(normalize_email(other) != own for column in indexed() for other in column.others(row, former))


def _is_shared(column: IndexedAddress, row: models.Model, email: str) -> bool:
    """A row of the same kind was found by another address until now."""
    former = former_normal_form(email)
    return any(former_normal_form(other) != former for other in column.others(row, email))


def _is_listed(row: models.Model, change: str) -> bool:
    return AddressChange.objects.filter(model=row._meta.label, row_id=row.pk, change=change).exists()
