"""Writing to the audit log: appends entries to the chain, in the caller's transaction.

Entries are committed or rolled back with it. From the first entry until the transaction ends, all other writers wait:
record as the last step of a change, when its rows are already locked.

Entries can't contain personal data, because they contain no free text: an action is a dotted name, a row is a number or
a UUID.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import NamedTuple
from uuid import UUID

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import connection, models, transaction
from django.utils import timezone

from .actions import ACTION
from .models import AuditEntry

BATCH = 500  # rows per statement
_LOCK = int.from_bytes(b"audit")  # PostgreSQL's advisory locks are numbers, shared by the whole database

About = models.Model | type[models.Model]


class Unrecordable(ValueError):
    """Not a valid action or row ID, so it might be personal data. The message doesn't quote it."""


class AuditEvent(NamedTuple):
    """What was done (`app.subject.verb`) with which row, or with the list of a model."""

    action: str
    about: About | None


def record(*, action: str, about: About | None, actor: AbstractBaseUser | None) -> AuditEntry:
    """Appends one entry: `actor` (None for the site itself) did `action` (`app.subject.verb`) to the row `about`.

    Pass a model instead of a row for its list. Raises `Unrecordable`.
    """
    return _append([AuditEvent(action, about)], actor)[0]


def record_many(*, action: str, about: Iterable[About], actor: AbstractBaseUser | None) -> int:
    """Appends one entry per row. Returns how many."""
    return record_events((AuditEvent(action, row) for row in about), actor=actor)


def record_events(events: Iterable[AuditEvent], *, actor: AbstractBaseUser | None) -> int:
    """Appends one entry per event of one change, in their order, for the price of one. Returns how many."""
    return len(_append(list(events), actor))


def _append(events: list[AuditEvent], actor: AbstractBaseUser | None) -> list[AuditEntry]:
    rows, who = [(event.action, *_named(event.about)) for event in events], _user_id(actor)
    if not all(ACTION.fullmatch(action) for action, *_ in rows):
        raise Unrecordable("an action must have the form app.subject.verb, in lower case")
    if not rows:
        return []
    # No savepoint: a change whose entry failed must not be committed, even if a caller swallows the error.
    with transaction.atomic(savepoint=False):
        _wait_for_our_turn()
        entries = _chained(rows, who)
        AuditEntry.objects.bulk_create(entries, batch_size=BATCH)
    return entries


def _chained(rows: list[tuple[str, str, str]], actor: UUID | None) -> list[AuditEntry]:
    now, head, entries = timezone.now(), AuditEntry.objects.head(), []
    for action, model, row_id in rows:
        entry = AuditEntry.after(head, at=now, actor=actor, action=action, object_model=model, object_id=row_id)
        entries.append(entry)
        head = entry.head
    return entries


def _wait_for_our_turn() -> None:
    """Serializes writers. SQLite's immediate transactions already do."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])


def _named(about: About | None) -> tuple[str, str]:
    """The model's name and the row's id."""
    if about is None:
        return "", ""
    if isinstance(about, type):
        return about._meta.label_lower, ""
    if not isinstance(about.pk, (int, UUID, date)):
        raise Unrecordable(f"a row of {about._meta.label} has no number or UUID as its id")
    return about._meta.label_lower, str(about.pk)


def _user_id(actor: AbstractBaseUser | None) -> UUID | None:
    if actor is None:
        return None
    if not isinstance(actor.pk, UUID):
        raise Unrecordable("nobody is signed in; for automatic actions, pass None as the actor")
    return actor.pk
