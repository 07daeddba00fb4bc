"""Statements that do not wait for the disk: PostgreSQL's manual calls it asynchronous commit.

What was written so survives a crash of this program. A power cut may take the last moments of it, and nothing else:
both databases write in order, so whatever waits for the disk later takes this along. Clicks are written so, because
the cookie attributes a sale without the row; money never is (ADR 23).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import connection
from django.db.backends.utils import CursorWrapper


def execute_asynchronously(statement: str, values: Sequence[Any]) -> None:
    """Executes one statement in a transaction of its own. Inside a transaction, that one decides what waits."""
    with connection.cursor() as cursor:
        if connection.in_atomic_block:
            cursor.execute(statement, values)
        elif connection.vendor == "postgresql":
            # Both travel as one message, which PostgreSQL takes as one transaction: "local" ends with it.
            cursor.execute(f"SET LOCAL synchronous_commit = off; {statement}", values)
        else:
            _execute_in_sqlite(cursor, statement, values)


def _execute_in_sqlite(cursor: CursorWrapper, statement: str, values: Sequence[Any]) -> None:
    line = connection.connection  # the pragmas ask the database nothing: they tell this connection how to commit
    line.execute("PRAGMA synchronous=NORMAL")
    try:
        cursor.execute(statement, values)
    finally:
        line.execute("PRAGMA synchronous=FULL")  # as the settings have it
