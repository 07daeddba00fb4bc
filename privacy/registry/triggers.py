"""Database triggers on SQLite and PostgreSQL: the migration operations that create them, and the check that they exist.

A migration creates a table's triggers: `EnsureTriggers("audit_auditentry", Refuse("update"), Refuse("delete"))`. The
model lists them by name without the table's: `database_triggers = ("no_update", "no_delete")`. `migrate` fails if a
listed trigger is missing at the end.

This is needed because SQLite can't alter most columns: Django copies the table, and the triggers are lost. A migration
that alters a table with triggers therefore ends with `EnsureTriggers`. SQLite refuses to alter a table that triggers of
*other* tables read or write: put `RemoveTriggers` before and `EnsureTriggers` after. Migrations contain literal SQL, so
that old ones never change with the code.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.core.management import CommandError
from django.db import connections, models, router
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.operations.base import Operation


@dataclass(frozen=True)
class Refuse:
    """Refuses an event (insert, update, delete) on a row, with an `IntegrityError`.

    `when` is an optional SQL condition on OLD and NEW, which may contain subqueries. `message` is the error message,
    without quotes and percent signs. Refusing deletion also refuses PostgreSQL's TRUNCATE of a non-empty table.
    """

    event: str
    when: str = ""
    message: str = ""

    @property
    def name(self) -> str:
        return f"no_{self.event}"

    def create(self, vendor: str, table: str) -> list[str]:
        message = self.message or f"{table} is append-only"
        if vendor == "sqlite":
            body = f"SELECT RAISE(ABORT, '{message}');"
            return _on_sqlite(f"{table}_{self.name}", f"BEFORE {self.event.upper()} ON {table}", self.when, body)
        refusal = f"RAISE EXCEPTION '{message}' USING ERRCODE = 'integrity_constraint_violation';"
        row = f"RETURN {'OLD' if self.event == 'delete' else 'NEW'};"
        # PostgreSQL allows subqueries in the function, but not in the trigger's condition.
        body = f"IF {self.when or 'true'} THEN {refusal} END IF; {row}"
        statements = _on_postgresql(
            f"{table}_{self.name}", f"BEFORE {self.event.upper()} ON {table} FOR EACH ROW", body
        )
        if self.event == "delete":  # TRUNCATE fires no row triggers
            body = f"IF EXISTS (SELECT 1 FROM {table}) THEN {refusal} END IF; RETURN NULL;"  # noqa: S608
            statements += _on_postgresql(f"{table}_no_truncate", f"BEFORE TRUNCATE ON {table} FOR EACH STATEMENT", body)
        return statements


class RefuseReplacing:
    """Refuses SQLite's INSERT OR REPLACE, which deletes the conflicting row without firing delete triggers.

    Each SQL condition on NEW and the alias `existing` identifies a row that would be replaced. PostgreSQL has no such
    statement and gets no trigger, because the lookup at each insert would be slow.
    """

    name = "no_replace"

    def __init__(self, *conditions: str) -> None:
        self.conditions = conditions

    def create(self, vendor: str, table: str) -> list[str]:
        if vendor != "sqlite":
            return []
        # One subquery per condition, so that each can use its index.
        when = " OR ".join(f"EXISTS (SELECT 1 FROM {table} existing WHERE {same})" for same in self.conditions)  # noqa: S608
        body = f"SELECT RAISE(ABORT, '{table} is append-only');"
        return _on_sqlite(f"{table}_{self.name}", f"BEFORE INSERT ON {table}", when, body)


@dataclass(frozen=True)
class Run:
    """Runs SQL statements after an event on a row if `when`, a condition on OLD and NEW, is true."""

    name: str
    event: str
    sql: str
    when: str = ""

    def create(self, vendor: str, table: str) -> list[str]:
        trigger = f"{table}_{self.name}"
        if vendor == "sqlite":
            return _on_sqlite(trigger, f"AFTER {self.event.upper()} ON {table}", self.when, self.sql)
        condition = f" WHEN ({self.when})" if self.when else ""
        event = f"AFTER {self.event.upper()} ON {table} FOR EACH ROW{condition}"
        return _on_postgresql(trigger, event, f"{self.sql} RETURN NULL;")


class EnsureTriggers(Operation):
    """Creates triggers of one table, replacing those of the same names."""

    reduces_to_sql = True

    def __init__(self, table: str, *triggers: Refuse | RefuseReplacing | Run) -> None:
        self.table, self.triggers = table, triggers

    def state_forwards(self, app_label: str, state: Any) -> None:
        pass

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        self.database_backwards(app_label, schema_editor, from_state, to_state)
        if router.allow_migrate(schema_editor.connection.alias, app_label):
            for trigger in self.triggers:
                for statement in trigger.create(schema_editor.connection.vendor, self.table):
                    schema_editor.execute(statement, params=None)

    def database_backwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        if router.allow_migrate(schema_editor.connection.alias, app_label):
            _drop(schema_editor, self.table, [trigger.name for trigger in self.triggers])

    def describe(self) -> str:
        return f"Ensure triggers of {self.table}: {', '.join(trigger.name for trigger in self.triggers)}"


class RemoveTriggers(Operation):
    """Drops triggers of one table, by name without the table's. Use `EnsureTriggers` afterward to recreate them."""

    reduces_to_sql = True
    reversible = False

    def __init__(self, table: str, *names: str) -> None:
        self.table, self.names = table, names

    def state_forwards(self, app_label: str, state: Any) -> None:
        pass

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        if router.allow_migrate(schema_editor.connection.alias, app_label):
            _drop(schema_editor, self.table, self.names)

    def describe(self) -> str:
        return f"Remove triggers of {self.table}: {', '.join(self.names)}"


def missing_triggers(connection: Any, model_classes: Iterable[type[models.Model]]) -> list[str]:
    """Names of triggers that these models list in `database_triggers` but are missing or disabled in the database."""
    existing = existing_triggers(connection)
    return [
        f"{model._meta.db_table}_{name}"
        for model in model_classes
        for name in _on(connection.vendor, getattr(model, "database_triggers", ()))
        if (model._meta.db_table, f"{model._meta.db_table}_{name}") not in existing
    ]


def existing_triggers(connection: Any) -> set[tuple[str, str]]:
    """Table and name of every enabled trigger in a database."""
    query = {
        "sqlite": "SELECT tbl_name, name FROM sqlite_master WHERE type = 'trigger'",
        "postgresql": "SELECT relname, tgname FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid"
        " WHERE NOT tgisinternal AND tgenabled <> 'D' AND pg_table_is_visible(tgrelid)",
    }[connection.vendor]
    with connection.cursor() as cursor:
        cursor.execute(query)
        return set(cursor.fetchall())


def check_triggers(*, using: str, **_signal: Any) -> None:
    """Receives `post_migrate`: raises `CommandError` if a trigger that a model lists is missing.

    Skips apps with unapplied migrations, for example after migrating backward.
    """
    connection = connections[using]
    here = [model for model in apps.get_models() if router.allow_migrate_model(using, model)]
    if not missing_triggers(connection, here):
        return
    executor = MigrationExecutor(connection)
    unfinished = {step.app_label for step, _ in executor.migration_plan(executor.loader.graph.leaf_nodes())}
    if missing := missing_triggers(connection, [model for model in here if model._meta.app_label not in unfinished]):
        raise CommandError(
            f"The database {using!r} has lost triggers: {', '.join(missing)}.\n"
            "SQLite loses a table's triggers when a migration alters it: end that migration with EnsureTriggers.\n"
            "Where no migration did it, somebody dropped them. The SQL that creates them anew:"
            f" manage.py sqlmigrate --database {using} <app> <the migration with EnsureTriggers>"
        )


def _on(vendor: str, names: Iterable[str]) -> list[str]:
    """Expected trigger names on this kind of database."""
    if vendor == "sqlite":
        return list(names)
    also = ["no_truncate"] if "no_delete" in names else []
    return [*(name for name in names if name != RefuseReplacing.name), *also]


def _on_sqlite(trigger: str, event: str, when: str, body: str) -> list[str]:
    condition = f" WHEN ({when})" if when else ""
    return [f"CREATE TRIGGER {trigger} {event} FOR EACH ROW{condition} BEGIN {body} END"]


def _on_postgresql(trigger: str, event: str, body: str) -> list[str]:
    return [
        f"CREATE OR REPLACE FUNCTION {trigger}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body} END $$",
        f"CREATE TRIGGER {trigger} {event} EXECUTE FUNCTION {trigger}()",
    ]


def _drop(schema_editor: Any, table: str, names: Iterable[str]) -> None:
    vendor = schema_editor.connection.vendor
    for name in _on(vendor, names):
        if vendor == "sqlite":
            schema_editor.execute(f"DROP TRIGGER IF EXISTS {table}_{name}", params=None)
        else:
            schema_editor.execute(f"DROP TRIGGER IF EXISTS {table}_{name} ON {table}", params=None)
            schema_editor.execute(f"DROP FUNCTION IF EXISTS {table}_{name}()", params=None)
