"""Key rotation: re-encrypts and re-indexes everything under an older key with the primary key, while the site runs.

Steps for the operator: add the new key after the old one and restart everything; move it to the front and restart
everything; run `rotate_keys`; when no row is left, remove the old key. Values are compared and swapped, so concurrent
writers win. After an interruption, the next run continues.
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
    """A column whose values contain the ID of their key."""

    field: SealedField | BlindIndexField

    @property
    def model(self) -> type[models.Model]:
        return self.field.model

    @property
    def first_byte_of_key_id(self) -> int:
        """Position of the key ID, counted from 1 as in SQL; sealed values start with a version byte."""
        return 2 if isinstance(self.field, SealedField) else 1

    def __str__(self) -> str:
        return f"{self.model._meta.db_table}.{self.field.column}"


def columns() -> Iterator[Column]:
    """All columns to rotate. Columns sealed with day keys aren't, because those keys are destroyed."""
    for model in apps.get_models(include_auto_created=True):
        for field in model._meta.local_concrete_fields:
            if isinstance(field, (SealedField, BlindIndexField)) and field.rotates_with_key_ring:
                yield Column(field)


def left_under_older_keys(column: Column) -> int:
    """Number of values in a column with another key ID than the primary key's."""
    with _cursor(column) as cursor:
        cursor.execute(f"SELECT count(*) {_old(column)}", [key_ring().primary.id])  # noqa: S608
        return int(cursor.fetchone()[0])


def rotate(column: Column, *, progress: Callable[[int], None] = lambda done: None) -> int:
    """Rotates a column. Returns the number of changed values; calls `progress` with the number so far after each
    batch."""
    done, after = 0, None
    while keys := _batch(column, after):
        done += sum(_rotate_row(column, row) for row in column.model._base_manager.filter(pk__in=keys))
        after = keys[-1]
        progress(done)
    return done


def _batch(column: Column, after: Any) -> list[Any]:
    """The next primary keys with a value under an older key. Rows changed by concurrent writers aren't retried."""
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
    new = column.field.reencrypted(row)
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
