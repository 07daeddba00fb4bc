"""Entries are written once: not Python but the database refuses everything else."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from privacy.audit.models import START, AuditEntry
from privacy.audit.trail import record
from privacy.audit.verification import verify_chain
from privacy.registry.triggers import missing_triggers

from .guards import guards_lifted

TABLE = AuditEntry._meta.db_table

pytestmark = pytest.mark.usefixtures("ten_entries")


def sql(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


def save_changed() -> None:
    entry = AuditEntry.objects.get(number=5)
    entry.action = "tests.thing.other"
    entry.save()


def bulk_update() -> None:
    entry = AuditEntry.objects.get(number=5)
    entry.object_id = "x"
    AuditEntry.objects.bulk_update([entry], ["object_id"])


def upsert() -> None:
    entry = AuditEntry.objects.get(number=5)
    AuditEntry.objects.bulk_create([entry], update_conflicts=True, update_fields=["action"], unique_fields=["number"])


def fork() -> None:
    entry = AuditEntry.after(
        AuditEntry.objects.get(number=4).head,
        at=timezone.now(),
        actor=None,
        action="tests.thing.forked",
        object_model="",
        object_id="",
    )
    entry.save(force_insert=True)


def unchained() -> None:
    AuditEntry.objects.create(number=11, at=timezone.now(), action="a.b.c", previous_hash="0" * 64, hash="1" * 64)


def leave_a_gap() -> None:
    last = AuditEntry.objects.head()
    AuditEntry.objects.create(number=12, at=timezone.now(), action="a.b.c", previous_hash=last.hash, hash="1" * 64)


ATTEMPTS: list[Callable[[], object]] = [
    save_changed,
    bulk_update,
    upsert,
    fork,
    unchained,
    leave_a_gap,
    lambda: AuditEntry.objects.filter(number=5).update(action="tests.thing.other"),
    lambda: AuditEntry.objects.all().delete(),
    lambda: AuditEntry.objects.get(number=10).delete(),
    lambda: sql(f"UPDATE {TABLE} SET at = at"),
    lambda: sql(f"DELETE FROM {TABLE} WHERE number = 10"),
]


@pytest.mark.parametrize("attempt", ATTEMPTS)
def test_database_refuses_changes_of_the_audit(attempt: Callable[[], object]) -> None:
    before = list(AuditEntry.objects.values())
    with pytest.raises(IntegrityError), transaction.atomic():
        attempt()
    assert list(AuditEntry.objects.values()) == before


def test_database_refuses_vendor_specific_changes_of_the_audit() -> None:
    """PostgreSQL empties a table without touching rows; SQLite replaces rows without asking the guard of deletions."""
    columns = "number, at, actor, action, object_model, object_id, previous_hash, hash"
    if connection.vendor == "postgresql":
        attempts = [f"TRUNCATE {TABLE}", f"TRUNCATE {TABLE} CASCADE"]
    else:
        insert = f"INSERT OR REPLACE INTO {TABLE} ({columns}) SELECT"
        attempts = [
            f"{insert} {columns} FROM {TABLE} WHERE number = 5",
            f"{insert} 11, at, actor, action, object_model, object_id,"
            f" (SELECT hash FROM {TABLE} WHERE number = 10), hash FROM {TABLE} WHERE number = 5",
        ]
    for attempt in attempts:
        with pytest.raises(IntegrityError), transaction.atomic():
            sql(attempt)
    assert verify_chain().number == 10


def test_the_tests_own_way_past_the_guards_puts_them_back() -> None:
    with guards_lifted():
        assert len(missing_triggers(connection, [AuditEntry])) >= len(AuditEntry.database_triggers)
        AuditEntry.objects.filter(number=10).delete()
    assert missing_triggers(connection, [AuditEntry]) == []
    record(action="tests.thing.done", about=None, actor=None)
    with pytest.raises(IntegrityError), transaction.atomic():
        AuditEntry.objects.filter(number=10).delete()


@pytest.mark.django_db(transaction=True)
def test_the_migration_goes_back_and_forth() -> None:
    with guards_lifted():
        AuditEntry.objects.all().delete()
    try:
        call_command("migrate", "audit", "zero", verbosity=0)
        assert TABLE not in connection.introspection.table_names()
    finally:
        call_command("migrate", "audit", verbosity=0)
    assert missing_triggers(connection, [AuditEntry]) == []
    assert AuditEntry.objects.head() == START
