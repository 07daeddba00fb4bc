"""The database as somebody sees it who reads and writes it behind the program's back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection, models


def stored(row: models.Model, column: str) -> Any:
    """What the column really holds."""
    with connection.cursor() as cursor:
        cursor.execute(f'SELECT "{column}" FROM "{row._meta.db_table}" WHERE id = %s', [_key(row)])
        value = cursor.fetchone()[0]
    return bytes(value) if isinstance(value, memoryview) else value


def overwrite(row: models.Model, column: str, value: Any) -> None:
    """Puts something else there, as an intruder would who owns the database and lifts its constraints first."""
    with connection.cursor() as cursor, constraints_lifted(cursor, row._meta.db_table):
        cursor.execute(f'UPDATE "{row._meta.db_table}" SET "{column}" = %s WHERE id = %s', [value, _key(row)])


@contextmanager
def constraints_lifted(cursor: Any, table: str) -> Iterator[None]:
    """On PostgreSQL they stay lifted until the test's transaction is rolled back."""
    if connection.vendor == "sqlite":
        cursor.execute("PRAGMA ignore_check_constraints = ON")
        yield
        cursor.execute("PRAGMA ignore_check_constraints = OFF")
        return
    cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    cursor.execute("SELECT conname FROM pg_constraint WHERE contype = 'c' AND conrelid = %s::regclass", [table])
    for (name,) in cursor.fetchall():
        cursor.execute(f'ALTER TABLE "{table}" DROP CONSTRAINT "{name}"')
    yield


def anew(row: Any) -> Any:
    """The same row, read again."""
    return type(row)._base_manager.get(pk=row.pk)


def _key(row: models.Model) -> Any:
    return row.pk if connection.features.has_native_uuid_field else row.pk.hex
