"""Rotation: everything sealed or indexed under an older key is rewritten under the primary one, while the site runs.

How an operator does it: add the new key behind the old one and restart everything; put it first and restart everything;
`rotate_keys`; when that proves that no row is left, take the old key out. A value is replaced only where it still is
what was read (compare and swap), so a writer in between wins. Killed half-way, the next run goes on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.db import connections, models, router, transaction

from .blind_index import BlindIndexField
from .fields import SealedField
from .keys import KEY_ID_BYTES, key_ring

BATCH = 500  # rows; a batch is one short transaction


@dataclass(frozen=True)
class Column:
    """One column whose values name the key they were made with."""

    field: SealedField | BlindIndexField

    @property
    def model(self) -> type[models.Model]:
        return self.field.model

    @property
    def first_byte_of_key_id(self) -> int:
        """Counted from 1, as SQL does: sealed values have a version byte in front."""
        return 2 if isinstance(self.field, SealedField) else 1

    def __str__(self) -> str:
        return f"{self.model._meta.db_table}.{self.field.column}"


def columns() -> Iterator[Column]:
    """Every column that a rotation rewrites. Day keys are not among them: they end by themselves."""
    for model in apps.get_models(include_auto_created=True):
        for field in model._meta.local_concrete_fields:
            if isinstance(field, (SealedField, BlindIndexField)) and field.follows_the_ring:
                yield Column(field)


def left_under_older_keys(column: Column) -> int:
    """How many values of a column don't carry the primary key's id."""
    with _cursor(column) as cursor:
        cursor.execute(f"SELECT count(*) {_old(column)}", [key_ring().primary.id])  # noqa: S608
        return int(cursor.fetchone()[0])


def rotate(column: Column, *, progress: Callable[[int], None] = lambda done: None) -> int:
    """Rewrites a column. Returns how many values it changed; `progress` hears the number so far after each batch."""
    done, after = 0, None
    while keys := _batch(column, after):
        done += sum(_rotate_row(column, row) for row in column.model._base_manager.filter(pk__in=keys))
        after = keys[-1]
        progress(done)
    return done


def _batch(column: Column, after: Any) -> list[Any]:
    """The next primary keys with a value under an older key. A row that a writer was quicker at is not tried twice."""
    key = _quoted(column, column.model._meta.pk.column)
    further = f" AND {key} > %s" if after is not None else ""
    parameters = [key_ring().primary.id, *([] if after is None else [_prepared(column, after)])]
    with _cursor(column) as cursor:
        cursor.execute(f"SELECT {key} {_old(column)}{further} ORDER BY {key} LIMIT {BATCH}", parameters)  # noqa: S608
        return [column.model._meta.pk.to_python(row[0]) for row in cursor.fetchall()]


def _rotate_row(column: Column, row: models.Model) -> bool:
    old = row.__dict__[column.field.attname]
    if old is None:
        return False
    new = column.field.remade(row)
    name, key = _quoted(column, column.field.column), _quoted(column, column.model._meta.pk.column)
    with transaction.atomic(using=_alias(column)), _cursor(column) as cursor:
        cursor.execute(
            f"UPDATE {_table(column)} SET {name} = %s WHERE {key} = %s AND {name} = %s",  # noqa: S608
            [bytes(new), _prepared(column, row.pk), bytes(old)],
        )
        return bool(cursor.rowcount)


def _old(column: Column) -> str:
    name = _quoted(column, column.field.column)
    key_id = f"substr({name}, {column.first_byte_of_key_id}, {KEY_ID_BYTES})"
    return f"FROM {_table(column)} WHERE {name} IS NOT NULL AND {key_id} <> %s"


def _prepared(column: Column, key: Any) -> Any:
    return column.model._meta.pk.get_db_prep_value(key, connections[_alias(column)])


def _alias(column: Column) -> str:
    return router.db_for_write(column.model)


def _cursor(column: Column) -> Any:
    return connections[_alias(column)].cursor()


def _table(column: Column) -> str:
    return _quoted(column, column.model._meta.db_table)


def _quoted(column: Column, name: str | None) -> str:
    return str(connections[_alias(column)].ops.quote_name(str(name)))
