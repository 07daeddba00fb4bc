"""Migrations that seal a column which was readable: each row's text is sealed for that row, and the column is dropped.

The steps: `RenameField(reason → readable_reason)`, `AddField(reason, SealedTextField(null=True))`, `sealing(…)`,
`RemoveField(readable_reason)`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db import migrations

ROWS = 500  # read at once


def sealing(
    app: str, model: str, *, readable: str, sealed: str, keep: Callable[[Any], bool] = bool
) -> migrations.RunPython:
    """Moves what stands in the field `readable` into `sealed`; a row for which `keep` is false stays as it is.

    Nothing is ever written back into a readable column: undone, the words are gone.
    """

    def run(apps: Any, schema_editor: Any) -> None:
        connection = schema_editor.connection
        rows = apps.get_model(app, model)._base_manager.using(connection.alias)
        for row in rows.exclude(**{readable: ""}).iterator(chunk_size=ROWS):
            if keep(row):
                setattr(row, sealed, getattr(row, readable))
                setattr(row, readable, "")
                fields = [f.name for f in row._meta.concrete_fields if _follows(f, sealed)]
                row.save(update_fields=[readable, *fields])
        if connection.vendor == "postgresql":  # which alters no table while checks of its rows are put off
            schema_editor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            schema_editor.execute("SET CONSTRAINTS ALL DEFERRED")

    return migrations.RunPython(run, migrations.RunPython.noop)


def _follows(field: Any, sealed: str) -> bool:
    """The sealed field itself, and its blind index."""
    return field.name == sealed or getattr(field, "source", "") == sealed
