"""A way past the triggers that keep rows as they are, for tests alone: to tamper, and to empty the tables in between.

Nothing in the product can do this. It reads the triggers from the database itself, so it fits every guarded table, and
puts back exactly what stood there.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import connection as default_connection
from django.db import transaction
from django.db.backends.base.operations import BaseDatabaseOperations


@contextmanager
def guards_lifted(connection: Any = default_connection) -> Iterator[None]:
    """No trigger stands inside; each stands again outside. One transaction, for this database alone."""
    lift = _lifted_on_sqlite if connection.vendor == "sqlite" else _lifted_on_postgresql
    with transaction.atomic(using=connection.alias), connection.cursor() as cursor, lift(cursor):
        yield


def drop_trigger(table: str, name: str) -> None:
    """Drops one, by its name without the table's."""
    of_table = "" if default_connection.vendor == "sqlite" else f" ON {table}"
    with default_connection.cursor() as cursor:
        cursor.execute(f"DROP TRIGGER {table}_{name}{of_table}")


@contextmanager
def _lifted_on_sqlite(cursor: Any) -> Iterator[None]:
    triggers = cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
    for name, _ in triggers:
        cursor.execute(f'DROP TRIGGER "{name}"')
    yield
    for _, statement in triggers:
        cursor.execute(statement)


@contextmanager
def _lifted_on_postgresql(cursor: Any) -> Iterator[None]:
    cursor.execute("SELECT DISTINCT tgrelid::regclass::text FROM pg_trigger WHERE NOT tgisinternal")
    tables = [table for (table,) in cursor.fetchall()]
    cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # a table with deferred checks pending can't be altered
    for table in tables:
        cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
    yield
    for table in tables:
        cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")


@pytest.fixture(scope="session", autouse=True)
def _flush_past_the_guards() -> Iterator[None]:
    """After a test with real transactions, Django empties every table: the one deletion that is in order."""
    flush = BaseDatabaseOperations.execute_sql_flush

    def unguarded(self: Any, statements: Any) -> None:
        with guards_lifted(self.connection):
            flush(self, statements)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(BaseDatabaseOperations, "execute_sql_flush", unguarded)
        yield
