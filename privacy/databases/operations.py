"""Migration operations that make nobody wait on PostgreSQL, and do the same plainly on SQLite.

A migration with `AddIndexConcurrently` has `atomic = False` and contains nothing else. `AddConstraintNotValid` and
`ValidateConstraint` go into two migrations, one after the other.
"""

from __future__ import annotations

from typing import Any

from django.contrib.postgres import operations as postgresql
from django.db.migrations import operations


class AddIndexConcurrently(postgresql.AddIndexConcurrently):
    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        forwards = postgresql.AddIndexConcurrently if _is_postgresql(schema_editor) else operations.AddIndex
        forwards.database_forwards(self, app_label, schema_editor, from_state, to_state)

    def database_backwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        backwards = postgresql.AddIndexConcurrently if _is_postgresql(schema_editor) else operations.AddIndex
        backwards.database_backwards(self, app_label, schema_editor, from_state, to_state)


class AddConstraintNotValid(postgresql.AddConstraintNotValid):
    """New rows are checked from now on."""

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        forwards = postgresql.AddConstraintNotValid if _is_postgresql(schema_editor) else operations.AddConstraint
        forwards.database_forwards(self, app_label, schema_editor, from_state, to_state)


class ValidateConstraint(postgresql.ValidateConstraint):
    """Older rows are checked. SQLite has done so before."""

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        if _is_postgresql(schema_editor):
            super().database_forwards(app_label, schema_editor, from_state, to_state)


def _is_postgresql(schema_editor: Any) -> bool:
    return str(schema_editor.connection.vendor) == "postgresql"
