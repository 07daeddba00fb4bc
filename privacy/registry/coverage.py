"""The coverage check: finds columns of the live schema that the registry doesn't declare."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .declarations import NotPersonal, declaration_for

# One query for all tables. Django's introspection parses each table's CREATE statement, which takes a second on SQLite.
LIVE_COLUMNS = {
    "sqlite": (
        "SELECT made.name, held.name FROM sqlite_master AS made JOIN pragma_table_xinfo(made.name) AS held"
        " WHERE made.type = 'table' AND made.name NOT LIKE 'sqlite_%' ORDER BY made.name, held.cid"
    ),
    "postgresql": (
        "SELECT made.relname, held.attname FROM pg_class AS made JOIN pg_attribute AS held ON held.attrelid = made.oid"
        " WHERE made.relkind IN ('r', 'p') AND pg_table_is_visible(made.oid)"
        " AND made.relnamespace::regnamespace::text NOT IN ('pg_catalog', 'information_schema')"
        " AND held.attnum > 0 AND NOT held.attisdropped ORDER BY made.relname, held.attnum"
    ),
}


def live_columns(connection: Any) -> list[tuple[str, str]]:
    """Table and column names in the database, including third-party tables, without the database's internal ones."""
    with connection.cursor() as cursor:
        cursor.execute(LIVE_COLUMNS[connection.vendor])
        return list(cursor.fetchall())


def unclassified_columns(connection: Any) -> Iterator[str]:
    """`table.column` for each undeclared column of the live schema."""
    for table, column in live_columns(connection):
        if column not in known_columns(table):
            yield f"{table}.{column}"


def known_columns(table: str) -> frozenset[str]:
    """The declared columns of a table, personal or not."""
    declaration = declaration_for(table)
    if declaration is None:
        return frozenset()
    if isinstance(declaration, NotPersonal):
        return declaration.columns
    return declaration.other_columns | frozenset(declaration.columns)
