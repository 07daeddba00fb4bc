"""Recomputes the indexes of stored addresses when the normalization rules change (ADR 24).

It runs automatically: at the end of `migrate`, again a day later by housekeeping (for rows written by processes of
the previous version), and with each `rotate_keys`. Updates compare and swap, so concurrent writers win, and an
interrupted run can be repeated. ASCII addresses normalize the same under all rules and are skipped.
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

RULES = f"2, Unicode {idna.idnadata.__version__}"  # of ADR 24; includes the mapping tables of `idna`
REPEAT_AFTER = timedelta(days=1)
BATCH = 500  # rows read at a time

Change = AddressChange.Change


@dataclass(frozen=True)
class IndexedAddress:
    """A column of addresses and its blind index."""

    model: type[models.Model]
    address: str
    index: BlindIndexField

    def rows(self) -> Iterator[Any]:
        """Every row with a non-ASCII address, in batches without an open cursor."""
        rows = self.model._base_manager.only("pk", self.address, self.index.name).order_by("pk")
        rows, after = rows.filter(**{f"{self.address}__isnull": False}), None
        while batch := list((rows if after is None else rows.filter(pk__gt=after))[:BATCH]):
            yield from (row for row in batch if not getattr(row, self.address).isascii())
            after = batch[-1].pk

    def others(self, row: models.Model, found_by: str) -> list[str]:
        """Addresses of the other rows that a lookup of this address finds."""
        rows = self.model._base_manager.filter(**{self.index.name: found_by}).exclude(pk=row.pk)
        return [getattr(other, self.address) for other in rows.filter(**{f"{self.address}__isnull": False})]


def indexed() -> list[IndexedAddress]:
    """All indexed address columns. Privacy requests are found by the fingerprint of their address."""
    found = [IndexedAddress(declared.model, index.source, index) for declared, index in indexed_addresses()]
    by_fingerprint: Any = PrivacyRequest._meta.get_field("email_index")
    return [*found, IndexedAddress(PrivacyRequest, "email", by_fingerprint)]


def keep_address_indexes(*, now: datetime) -> int:
    """Reindexes if the current rules haven't been applied yet. Returns the number of changed rows; usually one
    query."""
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
    """Runs at the end of `migrate`, unless a backward migration has removed the tables."""
    tables = {column.model._meta.db_table for column in indexed()} | {AddressIndexing._meta.db_table}
    if using == router.db_for_write(AddressIndexing) and tables <= set(connections[using].introspection.table_names()):
        keep_address_indexes(now=timezone.now())


def reindex_addresses(*, now: datetime) -> int:
    """Returns the number of changed rows. Rows for staff to review are listed in `AddressChange`."""
    return sum(_reindex(column, row, now) for column in indexed() for row in column.rows())


def _reindex(column: IndexedAddress, row: Any, now: datetime) -> bool:
    email, old = getattr(row, column.address), row.__dict__[column.index.attname]
    if old is not None and bytes(old) in map(bytes, column.index.candidates(email)):
        return False
    new: dict[str, Any] = {column.index.name: column.index.compute(email)}
    if column.model is PrivacyRequest:
        new["fingerprint"] = row.sealed("fingerprint", email_fingerprint(email))
    if old is None and column.index.null and _is_listed(row, Change.DUPLICATE):
        return False  # awaiting staff review
    with transaction.atomic():
        notes = [Change.SEPARATED] if _was_shared(row, email) else []
        try:
            with transaction.atomic():
                changed = _swap(column, row, old, new)
        except IntegrityError:  # another row has this address in another spelling; the index is unique
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
    """Updates the row only if its index is unchanged and the address still exists."""
    still = {f"{column.index.name}__isnull": True} if old is None else {column.index.name: BlindIndex(old)}
    there = {f"{column.address}__isnull": False}
    return bool(column.model._base_manager.filter(pk=row.pk, **still, **there).update(**new))


def _was_shared(row: models.Model, email: str) -> bool:
    """Whether the former normal form of this address also found another person's rows."""
    own, former = normalize_email(email), former_normal_form(email)
    return any(normalize_email(other) != own for column in indexed() for other in column.others(row, former))


def _is_shared(column: IndexedAddress, row: models.Model, email: str) -> bool:
    """Whether this address now also finds rows of the same model that had a different normal form."""
    former = former_normal_form(email)
    return any(former_normal_form(other) != former for other in column.others(row, email))


def _is_listed(row: models.Model, change: str) -> bool:
    return AddressChange.objects.filter(model=row._meta.label, row_id=row.pk, change=change).exists()
