"""The database as somebody sees it who reads and writes it behind the program's back."""

from __future__ import annotations

from typing import Any

from django.db import connection, models


def stored(row: models.Model, column: str) -> Any:
    """What the column really holds."""
    with connection.cursor() as cursor:
        cursor.execute(f'SELECT "{column}" FROM "{row._meta.db_table}" WHERE id = %s', [_key(row)])
        value = cursor.fetchone()[0]
    return bytes(value) if isinstance(value, memoryview) else value


def overwrite(row: models.Model, column: str, value: Any) -> None:
    """Puts something else there, as an intruder with access to the database would."""
    with connection.cursor() as cursor:
        cursor.execute(f'UPDATE "{row._meta.db_table}" SET "{column}" = %s WHERE id = %s', [value, _key(row)])


def anew(row: Any) -> Any:
    """The same row, read again."""
    return type(row)._base_manager.get(pk=row.pk)


def _key(row: models.Model) -> Any:
    return row.pk if connection.features.has_native_uuid_field else row.pk.hex
