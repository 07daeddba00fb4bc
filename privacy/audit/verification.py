"""Verifying the audit: the whole chain, entry by entry, and against a head that was published earlier.

Without a published head, a tail cut off and a chain written anew from some entry on can't be told from a true one.
"""

from __future__ import annotations

from collections.abc import Iterator

from django.db import connection

from privacy.registry.triggers import missing_triggers

from .models import START, AuditEntry, Head

BATCH = 1000  # entries in memory at a time


class AuditBroken(Exception):
    """The audit is not what was written; the message is one line that names the first broken entry and why."""


def verify_chain(*, published: Head | None = None) -> Head:
    """Walks the chain from its first entry. Returns its head; raises `AuditBroken`."""
    head = START
    for entry in _entries():
        _require_next(entry, head)
        _require_published(entry, published)
        head = entry.head
    if published and published.number > head.number:
        raise AuditBroken(
            f"entry {head.number + 1}: tail truncated or database rolled back; "
            f"the published head is entry {published.number}, the chain ends with entry {head.number}"
        )
    return head


def require_guards() -> None:
    """The database still refuses changes. Raises `AuditBroken` with the names of the triggers that are gone."""
    missing = missing_triggers(connection, [AuditEntry])
    if missing:
        raise AuditBroken(f"no entry is broken, but the database no longer guards them: {', '.join(missing)}")


def _require_next(entry: AuditEntry, head: Head) -> None:
    expected = head.number + 1
    if entry.number > expected:
        gap = f"entry {expected}" if entry.number == expected + 1 else f"entries {expected} to {entry.number - 1}"
        raise AuditBroken(f"entry {expected}: deleted ({gap} missing)")
    if entry.computed_hash() != entry.hash:
        raise AuditBroken(f"entry {entry.number}: {_how_changed(entry)}")
    if entry.number < expected or entry.previous_hash != head.hash:
        raise AuditBroken(f"entry {entry.number}: out of chain, it does not follow entry {head.number}")


def _require_published(entry: AuditEntry, published: Head | None) -> None:
    if published and entry.number == published.number and entry.hash != published.hash:
        raise AuditBroken(
            f"entry {entry.number}: not the published one; "
            "the database was rolled back and written on, or the chain was written anew"
        )


def _how_changed(entry: AuditEntry) -> str:
    """An entry whose hash is right for another number was moved. Looked for only once something is wrong."""
    for number in range(1, AuditEntry.objects.head().number + 2):
        if entry.computed_hash(number) == entry.hash:
            return f"reordered, it was written as entry {number}"
    return "edited"


def _entries() -> Iterator[AuditEntry]:
    """Every entry, in order, a batch at a time. Entries appended meanwhile come too: they are committed in order."""
    number = -(2**63)
    while batch := _batch(number):
        yield from batch
        number = batch[-1].number


def _batch(number: int) -> list[AuditEntry]:
    try:
        return list(AuditEntry.objects.following(number, BATCH))
    except (AttributeError, TypeError, ValueError):  # SQLite takes any text as a date or a UUID, Django can't read it
        return [_readable(following) for following in _numbers(number)]


def _numbers(number: int) -> list[int]:
    return list(AuditEntry.objects.following(number, BATCH).values_list("number", flat=True))


def _readable(number: int) -> AuditEntry:
    try:
        return AuditEntry.objects.get(number=number)
    except (AttributeError, TypeError, ValueError):
        raise AuditBroken(f"entry {number}: edited, it can't be read any more") from None
