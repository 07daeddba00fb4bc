"""Rows that don't wait for the disk (PostgreSQL's manual calls this asynchronous commit).

They survive a crash of this program. A power failure, or a crash of PostgreSQL, may lose the last moments of them, and
nothing else: both databases write in order, so a later synchronous commit flushes them too. Clicks are written like
this, because the cookie attributes a sale without the row; money never is (ADR 23).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

from django.db import connection

from privacy.databases.round_trips import execute_in_one_round_trip


def insert_asynchronously(table: str, columns: Sequence[str], values: Sequence[Any]) -> None:
    """Inserts a row in its own transaction; nothing happens if there is one with its `id`, which is the first column.
    Within an open transaction, that transaction's commit decides."""
    if connection.in_atomic_block or connection.vendor != "postgresql":
        _insert(_statement(table, tuple(columns), "VALUES (", ")"), values)
    else:
        # One statement, so one round trip and one transaction, with which the setting ends ("true").
        hasty = _statement(table, tuple(columns), "SELECT", "FROM set_config('synchronous_commit', 'off', true)")
        execute_in_one_round_trip(connection, hasty, values)


@cache
def _statement(table: str, columns: tuple[str, ...], before: str, after: str) -> str:
    row = f"{before} {', '.join(['%s'] * len(columns))} {after}"
    return f"INSERT INTO {table} ({', '.join(columns)}) {row} ON CONFLICT (id) DO NOTHING"


def _insert(statement: str, values: Sequence[Any]) -> None:
    with connection.cursor() as cursor:
        if connection.in_atomic_block:
            cursor.execute(statement, values)
            return
        line = connection.connection  # pragmas configure this connection only, without a query
        line.execute("PRAGMA synchronous=NORMAL")
        try:
            cursor.execute(statement, values)
        finally:
            line.execute("PRAGMA synchronous=FULL")  # as in the settings
