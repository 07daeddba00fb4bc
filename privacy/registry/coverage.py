"""The coverage check: every column of the live schema is declared in the registry, or start-up says which is not."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .declarations import NotPersonal, declaration_for

# SQLite's own bookkeeping.
INTERNAL = ("sqlite_sequence", "sqlite_stat1")


def unclassified_columns(connection: Any) -> Iterator[str]:
    """`table.column` for each column of the live schema that nobody has classified, libraries' tables included."""
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            if table in INTERNAL:
                continue
            known = known_columns(table)
            for column in connection.introspection.get_table_description(cursor, table):
                if column.name not in known:
                    yield f"{table}.{column.name}"


def known_columns(table: str) -> frozenset[str]:
    """The columns of a table that the registry knows, personal or not."""
    declaration = declaration_for(table)
    if declaration is None:
        return frozenset()
    if isinstance(declaration, NotPersonal):
        return declaration.columns
    return declaration.other_columns | frozenset(declaration.columns)
