"""Database triggers on SQLite and PostgreSQL: the migration operations that create them, and the check that they exist.

A migration creates a table's triggers: `EnsureTriggers("audit_auditentry", Refuse("update"), Refuse("delete"))`. The
model lists the same ones by their names without the table's: `database_triggers = ("no_update", "no_delete")`. At the
end of each `migrate`, every trigger that a model lists must exist, or the command fails.

That is needed because SQLite can't alter most columns: Django copies the table into a new one, and the triggers are
lost with the old one. A migration that alters a table with triggers therefore ends with `EnsureTriggers` for it. SQLite
refuses to alter a table that triggers of *other* tables read or write: `RemoveTriggers` goes before, `EnsureTriggers`
behind. Migrations hold their SQL written out, so that an old one never changes with the code.
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

    With `when`, an SQL condition on OLD and NEW that may hold sub-queries, only where that is true. `message` is what
    the database answers; it holds no quote and no percent sign. Refusing a deletion also refuses PostgreSQL's TRUNCATE
    of a table with rows.
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
        # A condition of PostgreSQL's triggers may hold no sub-queries, one in the function may.
        body = f"IF {self.when or 'true'} THEN {refusal} END IF; {row}"
        statements = _on_postgresql(
            f"{table}_{self.name}", f"BEFORE {self.event.upper()} ON {table} FOR EACH ROW", body
        )
        if self.event == "delete":  # TRUNCATE fires no trigger of rows
            body = f"IF EXISTS (SELECT 1 FROM {table}) THEN {refusal} END IF; RETURN NULL;"  # noqa: S608
            statements += _on_postgresql(f"{table}_no_truncate", f"BEFORE TRUNCATE ON {table} FOR EACH STATEMENT", body)
        return statements


class RefuseReplacing:
    """Refuses SQLite's INSERT OR REPLACE, which deletes the row in its way without asking the trigger of deletions.

    Each condition, in SQL on NEW and on the alias `existing`, says which row would be replaced. PostgreSQL has no such
    statement, and looking for that row at each insert is dear there.
    """

    name = "no_replace"

    def __init__(self, *conditions: str) -> None:
        self.conditions = conditions

    def create(self, vendor: str, table: str) -> list[str]:
        if vendor != "sqlite":
            return []
        # One sub-query for each, so that each can use its index.
        when = " OR ".join(f"EXISTS (SELECT 1 FROM {table} existing WHERE {same})" for same in self.conditions)  # noqa: S608
        body = f"SELECT RAISE(ABORT, '{table} is append-only');"
        return _on_sqlite(f"{table}_{self.name}", f"BEFORE INSERT ON {table}", when, body)


@dataclass(frozen=True)
class Run:
    """Runs SQL statements behind an event on a row: where `when` is true, a condition on OLD and NEW."""

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
    """Creates triggers of one table, in place of those of the same names."""

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
    """Drops triggers of one table by their names without the table's. `EnsureTriggers` behind it creates them anew."""

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
    """The names of the triggers that these models list in `database_triggers`, and that don't exist in the database or
    are switched off."""
    existing = existing_triggers(connection)
    return [
        f"{model._meta.db_table}_{name}"
        for model in model_classes
        for name in _on(connection.vendor, getattr(model, "database_triggers", ()))
        if (model._meta.db_table, f"{model._meta.db_table}_{name}") not in existing
    ]


def existing_triggers(connection: Any) -> set[tuple[str, str]]:
    """Table and name of every trigger of a database that is not switched off."""
    query = {
        "sqlite": "SELECT tbl_name, name FROM sqlite_master WHERE type = 'trigger'",
        "postgresql": "SELECT relname, tgname FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid"
        " WHERE NOT tgisinternal AND tgenabled <> 'D' AND pg_table_is_visible(tgrelid)",
    }[connection.vendor]
    with connection.cursor() as cursor:
        cursor.execute(query)
        return set(cursor.fetchall())


def check_triggers(*, using: str, **_signal: Any) -> None:
    """Receives `post_migrate`: raises `CommandError` where a trigger is missing that a model lists.

    Apps with migrations still to run, because `migrate` was told to stop before or to go back, are left out.
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
    """These names of triggers, as they are on SQLite or on PostgreSQL."""
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
