"""Statements that don't wait for the disk (PostgreSQL's manual calls this asynchronous commit).

They survive a crash of this program. A power failure, or a crash of PostgreSQL, may lose the last moments of them, and
nothing else: both databases write in order, so a later synchronous commit flushes them too. Clicks are written like
this, because the cookie attributes a sale without the row; money never is (ADR 23).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import connection
from django.db.backends.utils import CursorWrapper


def execute_asynchronously(statement: str, values: Sequence[Any]) -> None:
    """Executes one statement in its own transaction. Within an open transaction, that transaction's commit decides."""
    with connection.cursor() as cursor:
        if connection.in_atomic_block:
            cursor.execute(statement, values)
        elif connection.vendor == "postgresql":
            # Both are sent as one message, which PostgreSQL runs as one transaction: "local" ends with it.
            cursor.execute(f"SET LOCAL synchronous_commit = off; {statement}", values)
        else:
            _execute_in_sqlite(cursor, statement, values)


def _execute_in_sqlite(cursor: CursorWrapper, statement: str, values: Sequence[Any]) -> None:
    line = connection.connection  # pragmas configure this connection only, without a query
    line.execute("PRAGMA synchronous=NORMAL")
    try:
        cursor.execute(statement, values)
    finally:
        line.execute("PRAGMA synchronous=FULL")  # as in the settings
