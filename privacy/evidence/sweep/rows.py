"""Reads tables of any size in parts, starting at a random row and wrapping around."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from django.db import connections

from privacy.encryption.blind_index import BlindIndexField
from privacy.encryption.fields import SealedField
from privacy.registry.clear_text import TextColumn, model_fields

from .random_rows import key_between

ROWS = 2000  # rows per query
WITHOUT_KEY = 20_000  # rows read of a table without a single primary key


@dataclass(frozen=True)
class RowBatch:
    """Some rows of a table: values by column, and sealed columns with malformed values."""

    table: str
    values: dict[str, set[Any]]
    misshapen: set[str]
    rows: int


@dataclass
class Table:
    """A table to read: `columns` by value; `checks` are SQL conditions that sealed columns must meet."""

    alias: str
    name: str
    columns: list[str] = field(default_factory=list)
    checks: dict[str, str] = field(default_factory=dict)

    def parts(self) -> Iterator[RowBatch]:
        """All rows, from a random one to the end, then from the start."""
        key = self._key()
        if key is None:
            rows = self._select("", [], WITHOUT_KEY)
            if rows:
                yield self._part(rows)
            return
        start = self._random_key(key)
        yield from self._from(key, start, None)
        if start is not None:
            yield from self._from(key, None, start)

    def _from(self, key: str, start: Any, end: Any) -> Iterator[RowBatch]:
        name, last, compared = self._quoted(key), start, ">="
        while True:
            bounds = {f"{name} {compared} %s": last, f"{name} < %s": end}
            given = {condition: value for condition, value in bounds.items() if value is not None}
            where = f" WHERE {' AND '.join(given)}" if given else ""
            rows = self._select(f"{where} ORDER BY {name}", [*given.values()], ROWS, key)
            if rows:
                yield self._part([row[1:] for row in rows])
            if len(rows) < ROWS:
                return
            last, compared = rows[-1][0], ">"

    def _select(self, rest: str, values: list[Any], limit: int, *keys: str) -> list[Any]:
        read = [*map(self._quoted, [*keys, *self.columns]), *(f"({check})" for check in self.checks.values())]
        # Only schema names and checks from the code, no user input.
        statement = f"SELECT {', '.join(read)} FROM {self._quoted(self.name)}{rest} LIMIT {limit}"  # noqa: S608
        with connections[self.alias].cursor() as cursor:
            cursor.execute(statement, values or None)
            return list(cursor.fetchall())

    def _part(self, rows: list[Any]) -> RowBatch:
        by_column = dict(zip([*self.columns, *self.checks], zip(*rows, strict=True), strict=True))
        values = {name: {*by_column[name]} - {None, ""} for name in self.columns}
        return RowBatch(self.name, values, {name for name in self.checks if False in by_column[name]}, len(rows))

    def _key(self) -> str | None:
        connection = connections[self.alias]
        with connection.cursor() as cursor:
            keys = connection.introspection.get_primary_key_columns(cursor, self.name) or []
        return str(keys[0]) if len(keys) == 1 else None

    def _random_key(self, key: str) -> Any:
        name, table = self._quoted(key), self._quoted(self.name)
        ends = []
        with connections[self.alias].cursor() as cursor:
            for order in ("ASC", "DESC"):
                cursor.execute(f"SELECT {name} FROM {table} ORDER BY {name} {order} LIMIT 1")  # noqa: S608
                ends += cursor.fetchall()
        return key_between(ends[0][0], ends[1][0]) if ends else None

    def _quoted(self, name: str) -> str:
        quoted: str = connections[self.alias].ops.quote_name(name)
        return quoted


def tables(alias: str, columns: list[TextColumn]) -> list[Table]:
    """Tables of the live schema with columns to check."""
    found = {column.table: Table(alias, column.table) for column in columns}
    for column in columns:
        found[column.table].columns.append(column.name)
    connection = connections[alias]
    there = {*connection.introspection.table_names()}
    for f in model_fields().values():
        if isinstance(f, (SealedField, BlindIndexField)) and (name := f.model._meta.db_table) in there:
            found.setdefault(name, Table(alias, name)).checks[str(f.column)] = f.db_check(connection)
    return list(found.values())
