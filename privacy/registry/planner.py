"""What SQLite's planner is told of each table and index, instead of statistics (ADR 99): estimates that follow from the
models, and so are the same on every site and on every day.

SQLite reads them from its table `sqlite_stat1`, which may be written: https://www.sqlite.org/fileformat2.html#stat1tab
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.apps import apps
from django.db import connections, models

from .declarations import growth_of
from .growth import Bounded

MANY, FEW = 1_000_000, 1000  # rows of a table that grows, and of one that doesn't
IN_PARTIAL = 2  # one row of so many is in a partial index: SQLite's own assumption, as the next
PER_VALUE = 10  # rows that share a value, if nothing else is known
OF_FEW, DAYS = 50, 1000  # values of a key of a table that doesn't grow, and of a date
CHOICES = 1000  # as if each had a thousandth of the rows: one asks for those that wait, and hardly for what is done
# How many values a text without declared choices has, by column: actions, kinds of events and mails, currencies.
VALUES = {"action": 100, "event_type": 20, "kind": 50, "by": 5, "currency": 3, "subject": 5, "parameter": 5}


def tell_planner(*, using: str, **kwargs: object) -> None:
    """Receives `post_migrate`: writes the estimates of all tables."""
    connection = connections[using]
    if connection.vendor != "sqlite":
        return
    fields = {model._meta.db_table: model._meta.concrete_fields for model in apps.get_models(include_auto_created=True)}
    with connection.cursor() as cursor:
        estimates = [
            (table, *estimate)
            for table in connection.introspection.table_names(cursor)
            for estimate in _estimates(cursor, table, {str(field.column): field for field in fields.get(table, ())})
        ]
        cursor.execute("ANALYZE sqlite_schema")  # makes the table, and reads nothing else
        cursor.execute("DELETE FROM sqlite_stat1")
        cursor.executemany("INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES (%s, %s, %s)", estimates)
        cursor.execute("ANALYZE sqlite_schema")  # lets this connection read them


def _estimates(cursor: Any, table: str, fields: dict[str, models.Field[Any, Any]]) -> Iterator[tuple[str, str]]:
    """Each index with the number of its rows, and how many share the values of its first column, of its first two…"""
    rows = FEW if isinstance(growth_of(table), Bounded) else MANY
    cursor.execute('SELECT name, "unique", partial FROM pragma_index_list(%s)', [table])
    for index, is_unique, is_partial in cursor.fetchall():
        cursor.execute("SELECT name FROM pragma_index_info(%s) ORDER BY seqno", [index])
        columns = [column for (column,) in cursor.fetchall()]
        left = has = rows // IN_PARTIAL if is_partial else rows
        sharing = []
        for column in columns:
            left = max(1, left // _values(fields.get(column), rows))
            sharing.append(left)
        if is_unique:
            sharing[-1] = 1
        yield index, " ".join(map(str, [has, *sharing]))


def _values(field: models.Field[Any, Any] | None, rows: int) -> int:
    """How many values the column has in a table of so many rows."""
    if isinstance(field, models.BooleanField):
        return 2
    if field is not None and field.choices:
        return CHOICES
    if isinstance(field, models.ForeignKey) and isinstance(growth_of(field.related_model._meta.db_table), Bounded):
        return OF_FEW
    if type(field) is models.DateField:
        return DAYS
    return VALUES.get(getattr(field, "column", ""), rows // PER_VALUE)
