"""Verifying the audit log: the whole chain entry by entry, and against an earlier published head.

Truncation, and a chain rewritten from some entry on, can only be detected with a published head.
"""

from __future__ import annotations

from collections.abc import Iterator

from django.db import connection

from privacy.registry.triggers import missing_triggers

from .models import START, AuditEntry, Head

BATCH = 1000  # entries in memory at a time


class AuditBroken(Exception):
    """The audit log was tampered with. The message is one line with the first broken entry and the reason."""


def verify_chain(*, published: Head | None = None) -> Head:
    """Verifies the chain from its first entry and returns its head. Raises `AuditBroken`."""
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
    """Checks that the database still refuses changes. Raises `AuditBroken` with the names of missing triggers."""
    missing = missing_triggers(connection, [AuditEntry])
    if missing:
        raise AuditBroken(f"no entry is broken, but triggers are missing: {', '.join(missing)}")


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
            "the database was rolled back and then extended, or the chain was rewritten"
        )


def _how_changed(entry: AuditEntry) -> str:
    """How an entry was changed. If its hash matches another number, it was moved."""
    for number in range(1, AuditEntry.objects.head().number + 2):
        if entry.computed_hash(number) == entry.hash:
            return f"reordered, it was written as entry {number}"
    return "edited"


def _entries() -> Iterator[AuditEntry]:
    """Every entry in order, in batches, including entries appended meanwhile."""
    number = -(2**63)
    while batch := _batch(number):
        yield from batch
        number = batch[-1].number


def _batch(number: int) -> list[AuditEntry]:
    try:
        return list(AuditEntry.objects.following(number, BATCH))
    except (AttributeError, TypeError, ValueError):  # SQLite stores any text as a date or UUID; Django can't read it
        return [_readable(following) for following in _numbers(number)]


def _numbers(number: int) -> list[int]:
    return list(AuditEntry.objects.following(number, BATCH).values_list("number", flat=True))


def _readable(number: int) -> AuditEntry:
    try:
        return AuditEntry.objects.get(number=number)
    except (AttributeError, TypeError, ValueError):
        raise AuditBroken(f"entry {number}: edited, it is no longer readable") from None
