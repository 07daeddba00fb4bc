"""Writing the audit: one entry at the end of the chain, in the caller's transaction.

Rolled back with it, committed with it. From the first entry to the end of its transaction every other writer of entries
waits: record as the last step of a change, when the rows it touches are locked already.

Nothing personal gets in, because nothing free does: an action is a dotted name, a row is a number or a UUID.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date
from typing import NamedTuple
from uuid import UUID

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import connection, models, transaction
from django.utils import timezone

from .models import AuditEntry

ACTION = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*){2}")
BATCH = 500  # rows a statement
_LOCK = int.from_bytes(b"audit")  # PostgreSQL's advisory locks are numbers, one name space for each database

About = models.Model | type[models.Model]


class Unrecordable(ValueError):
    """What was to be recorded is not a name and an id, and might be personal. The message does not quote it."""


class _Row(NamedTuple):
    model: str
    id: str


def record(*, action: str, about: About | None, actor: AbstractBaseUser | None) -> AuditEntry:
    """Appends one entry: `actor` (None: the program) did `action` (`app.subject.verb`) with the row `about`.

    A model instead of a row stands for its list. Raises `Unrecordable`.
    """
    return _append(action, [_named(about)], actor)[0]


def record_many(*, action: str, about: Iterable[About], actor: AbstractBaseUser | None) -> int:
    """Appends one entry for each row, behind each other. Returns how many."""
    return len(_append(action, [_named(row) for row in about], actor))


def _append(action: str, rows: list[_Row], actor: AbstractBaseUser | None) -> list[AuditEntry]:
    if not ACTION.fullmatch(action):
        raise Unrecordable("an action is written app.subject.verb, in lower case")
    who = _user_id(actor)
    # Without a savepoint: a change whose entry failed must not be committed, even if somebody swallows the error.
    with transaction.atomic(savepoint=False):
        _wait_for_our_turn()
        entries = _chained(action, rows, who)
        AuditEntry.objects.bulk_create(entries, batch_size=BATCH)
    return entries


def _chained(action: str, rows: list[_Row], actor: UUID | None) -> list[AuditEntry]:
    now, head, entries = timezone.now(), AuditEntry.objects.head(), []
    for row in rows:
        entry = AuditEntry.after(head, at=now, actor=actor, action=action, object_model=row.model, object_id=row.id)
        entries.append(entry)
        head = entry.head
    return entries


def _wait_for_our_turn() -> None:
    """SQLite's immediate transactions already let one writer in at a time."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])


def _named(about: About | None) -> _Row:
    if about is None:
        return _Row("", "")
    if isinstance(about, type):
        return _Row(about._meta.label_lower, "")
    if not isinstance(about.pk, (int, UUID, date)):
        raise Unrecordable(f"a row of {about._meta.label} has no number or UUID as its id")
    return _Row(about._meta.label_lower, str(about.pk))


def _user_id(actor: AbstractBaseUser | None) -> UUID | None:
    if actor is None:
        return None
    if not isinstance(actor.pk, UUID):
        raise Unrecordable("nobody is signed in; for what the program does by itself, the actor is None")
    return actor.pk
