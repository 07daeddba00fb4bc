"""Which migrations may run while the previous release serves the site.

Two things make one unsafe: the code that runs meanwhile, and after a way back, no longer works; or PostgreSQL makes
visitors wait while it reads or builds for long. Looking at operations, not at SQL, gives the same answer on both
databases, without one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.contrib.postgres import operations as postgresql
from django.db import models
from django.db.migrations import Migration, operations
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState
from django.db.models.functions import Now

STILL_USED = "the running release still uses it"
MAKES_WRITERS_WAIT = "writers wait until it is built"
UNKNOWN = "nobody has looked at what it does; if it is safe, the migration says why in `safe_under_traffic`"

SAFE = (
    operations.CreateModel,
    operations.AlterModelOptions,
    operations.AlterModelManagers,
    operations.AlterModelTableComment,
    operations.RemoveIndex,
    operations.RenameIndex,
    operations.RemoveConstraint,
    postgresql.AddIndexConcurrently,
    postgresql.RemoveIndexConcurrently,
    postgresql.AddConstraintNotValid,
    postgresql.ValidateConstraint,
)
REMOVING = (
    operations.DeleteModel,
    operations.RemoveField,
    operations.RenameField,
    operations.RenameModel,
    operations.AlterModelTable,
)
# What a field declares and its column doesn't show; the column's own name is compared apart.
NOT_IN_THE_COLUMN = {*models.Field.non_db_attrs, "default", "auto_now", "auto_now_add"} - {"db_column"}


@dataclass(frozen=True)
class Danger:
    migration: str
    operation: str
    why: str

    def __str__(self) -> str:
        return f"{self.migration}: {self.operation}: {self.why}"


def dangers(plan: Iterable[Migration], state: ProjectState) -> list[Danger]:
    """What is unsafe under traffic in these migrations, from `state` on.

    A table that one of them creates is empty and unused: all may be done to it. `safe_under_traffic = "because …"` in
    a migration is the word of somebody who looked.
    """
    return list(_dangers(plan, state.clone()))


def _dangers(plan: Iterable[Migration], state: ProjectState) -> Iterator[Danger]:
    created: set[tuple[str, str]] = set()
    tables: set[str] = set()
    for migration in plan:
        label = migration.app_label
        is_declared_safe = bool(getattr(migration, "safe_under_traffic", ""))
        for operation in _in_the_database(migration.operations):
            if isinstance(operation, operations.CreateModel):
                created.add((label, operation.name_lower))
                tables.add(str(operation.options.get("db_table") or f"{label}_{operation.name_lower}"))
            is_new = (label, _model_of(operation)) in created or getattr(operation, "table", "") in tables
            if not (is_new or is_declared_safe) and (why := _why_unsafe(operation, label, state)):
                yield Danger(f"{label}.{migration.name}", operation.describe(), why)
        for operation in migration.operations:
            operation.state_forwards(label, state)


def _in_the_database(listed: Iterable[Operation]) -> Iterator[Operation]:
    for operation in listed:
        if isinstance(operation, operations.SeparateDatabaseAndState):
            yield from _in_the_database(operation.database_operations)
        else:
            yield operation


def _model_of(operation: Operation) -> str:
    """The model's name in lower case; empty for operations that name none."""
    name = getattr(operation, "model_name", None) or getattr(operation, "name", None)
    return str(name or "").lower()


def _why_unsafe(operation: Operation, label: str, state: ProjectState) -> str:
    if isinstance(operation, SAFE):
        return ""
    if isinstance(operation, REMOVING):
        return STILL_USED
    if isinstance(operation, operations.AddField):
        return _why_unsafe_to_add(operation.field)
    if isinstance(operation, operations.AlterField):
        old = state.models[label, operation.model_name_lower].fields[operation.name]
        return "" if _has_room(old, operation.field) else "the table may be written anew, or the running release fails"
    if isinstance(operation, operations.AddIndex):
        return f"{MAKES_WRITERS_WAIT}: use AddIndexConcurrently"
    if isinstance(operation, operations.AddConstraint):
        return "everybody waits until each row is checked: use AddConstraintNotValid and ValidateConstraint"
    if isinstance(operation, operations.AlterUniqueTogether | operations.AlterIndexTogether):
        return MAKES_WRITERS_WAIT
    return UNKNOWN


def _why_unsafe_to_add(field: models.Field[Any, Any]) -> str:
    if field.many_to_many:
        return ""
    if getattr(field, "generated", False):
        return "the table is written anew"
    if not field.null and not field.has_db_default():
        return "the running release inserts rows without it: null=True or db_default"
    if field.has_db_default() and not isinstance(field.db_default, Now | str | int | bool):
        return "the table may be written anew: a db_default has to be a plain value or Now()"
    if getattr(field, "db_index", False) or field.unique:
        return f"{MAKES_WRITERS_WAIT}: db_index=False, and AddIndexConcurrently"
    return ""


def _has_room(old: models.Field[Any, Any], new: models.Field[Any, Any]) -> bool:
    """Whether all that was in the old column, and all that the running release writes, fits as it is."""
    (_, old_kind, _, before), (_, new_kind, _, after) = old.deconstruct(), new.deconstruct()
    changed = {name for name in {*before, *after} if before.get(name) != after.get(name)} - NOT_IN_THE_COLUMN
    if not changed and old_kind == new_kind:
        return True
    is_wider = int(after.get("max_length") or 0) >= int(before.get("max_length") or 0)
    is_looser = bool(after.get("null")) or not before.get("null")
    return old_kind == new_kind and changed <= {"max_length", "null"} and is_wider and is_looser
