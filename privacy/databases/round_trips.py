"""A statement in one round trip to the database, for what many visitors wait for.

Before the first statement of a request, Django asks PostgreSQL whether the connection still works, and each statement
is parsed and planned anew. Here the statement itself shows that a connection broke since it was last used: it is
executed once more, on a new connection. And it is prepared once for each connection, unless `DATABASE_URL` says that a
pooler stands in between (`DISABLE_SERVER_SIDE_CURSORS`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import InterfaceError, OperationalError
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.utils import CursorWrapper


def execute_in_one_round_trip(connection: BaseDatabaseWrapper, statement: str, values: Sequence[Any]) -> list[Any]:
    """The rows of a statement, which must be harmless when it is executed twice: nobody knows whether a server that
    went away had committed it. Placeholders are `%s`."""
    if connection.vendor != "postgresql" or connection.in_atomic_block:
        with connection.cursor() as cursor:
            return _rows_of(cursor, statement, values)
    is_reused = connection.connection is not None
    try:
        return _execute(connection, statement, values)
    except (OperationalError, InterfaceError):
        if not (is_reused and connection.connection and connection.connection.closed):
            raise
    connection.close()
    return _execute(connection, statement, values)


def _execute(connection: BaseDatabaseWrapper, statement: str, values: Sequence[Any]) -> list[Any]:
    from psycopg import Cursor  # only where PostgreSQL is used

    connection.ensure_connection()  # unlike `connection.cursor()`, without a health check
    line = connection.connection
    line.prepare_threshold = None if connection.settings_dict.get("DISABLE_SERVER_SIDE_CURSORS") else 0
    wrapped = connection.make_debug_cursor if connection.queries_logged else connection.make_cursor
    plain: Any = Cursor(line)  # Django's own cursors compose one text of it, which can't be prepared
    with wrapped(plain) as cursor:
        return _rows_of(cursor, statement, values)


def _rows_of(cursor: CursorWrapper, statement: str, values: Sequence[Any]) -> list[Any]:
    cursor.execute(statement, values)
    return cursor.fetchall() if cursor.description else []
