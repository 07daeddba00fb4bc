"""Rows that are written once: the database itself refuses to change or delete them, on SQLite and on PostgreSQL.

A migration uses it as an operation: `forbid("audit_auditentry", "update"), forbid("audit_auditentry", "delete")`.
Forbidding the deletion forbids PostgreSQL's TRUNCATE of a table with rows too. A refusal is an `IntegrityError`.

On SQLite a later migration that alters such a table builds it anew, and its triggers are lost: repeat `forbid` behind
it. `missing_guards` tells.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.db import migrations


def forbid(table: str, action: str, *, when: str = "", message: str = "") -> migrations.RunPython:
    """Refuses `action` (insert, update or delete) on rows of a table. Safe to repeat.

    With `when`, an SQL condition on OLD and NEW that may hold sub-queries, only where that is true. `message` is what
    the database answers; it holds no quote and no percent sign.
    """

    def create(apps: Any, schema_editor: Any) -> None:
        drop(apps, schema_editor)
        vendor = schema_editor.connection.vendor
        for statement in statements(vendor, table, action, when, message or f"rows of {table} are kept as they are"):
            schema_editor.execute(statement, params=None)

    def drop(apps: Any, schema_editor: Any) -> None:
        for statement in _drop_statements(schema_editor.connection.vendor, table, action):
            schema_editor.execute(statement, params=None)

    return migrations.RunPython(_only_where_the_table_is(table, create), _only_where_the_table_is(table, drop))


def lift(table: str, *actions: str) -> migrations.RunPython:
    """Takes guards away, so that the operations behind it can alter the table. Put them back with `forbid`."""

    def run(apps: Any, schema_editor: Any) -> None:
        for action in actions:
            for statement in _drop_statements(schema_editor.connection.vendor, table, action):
                schema_editor.execute(statement, params=None)

    return migrations.RunPython(_only_where_the_table_is(table, run), migrations.RunPython.noop)


def forbid_replacing(table: str, *keys: str, also: str = "") -> migrations.RunPython:
    """Refuses SQLite's INSERT OR REPLACE, which would delete a row that stands without asking the guard of deletions.

    PostgreSQL has no such statement, and looking for that row at each insert is dear there: the guard is taken away.
    Inserts of which the condition `also` is true are refused on both.
    """

    def run(apps: Any, schema_editor: Any) -> None:
        conditions = [also] if also else []
        if schema_editor.connection.vendor == "sqlite":
            conditions.append(replaces(table, *keys))
        guard = forbid(table, "insert", when=" OR ".join(conditions)) if conditions else lift(table, "insert")
        guard.code(apps, schema_editor)

    return migrations.RunPython(_only_where_the_table_is(table, run), migrations.RunPython.noop)


def columns_change(*columns: str) -> str:
    """A condition for `forbid(table, "update")`: one of these columns gets another value."""
    return " OR ".join(f"OLD.{column} IS DISTINCT FROM NEW.{column}" for column in columns)


def moves_outside(column: str, moves: Mapping[str, Iterable[str]]) -> str:
    """A condition for `forbid(table, "update")`: the column leaves a value for one that `moves` does not list."""
    steps = [f"(OLD.{column} = '{start}' AND NEW.{column} = '{end}')" for start, ends in moves.items() for end in ends]
    return f"(OLD.{column} <> NEW.{column} AND NOT ({' OR '.join(steps)}))"


def replaces(table: str, *keys: str) -> str:
    """A condition on inserts: a row with one of these keys stands already.

    A key is a column, or an SQL condition on NEW and the alias `standing`.
    """
    same = [key if " " in key else f"standing.{key} = NEW.{key}" for key in keys]
    return " OR ".join(f'EXISTS (SELECT 1 FROM "{table}" standing WHERE {key})' for key in same)  # noqa: S608


def missing_guards(connection: Any, table: str, *actions: str) -> list[str]:
    """The names of the triggers that should guard these actions on a table, and don't stand or are switched off.

    The action "replace" stands for the guard that `forbid_replacing` makes.
    """
    expected = [name for action in actions for name in _names(connection.vendor, table, action)]
    standing = standing_triggers(connection, table)
    return [name for name in expected if name not in standing]


def standing_triggers(connection: Any, table: str) -> set[str]:
    """The names of all triggers of a table that are not switched off."""
    if connection.vendor == "sqlite":
        query = "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = %s"
    else:
        query = "SELECT tgname FROM pg_trigger WHERE tgrelid = to_regclass(%s) AND tgenabled <> 'D'"
    with connection.cursor() as cursor:
        cursor.execute(query, [table])
        return {name for (name,) in cursor.fetchall()}


def statements(vendor: str, table: str, action: str, when: str, message: str) -> list[str]:
    name = _name(table, action)
    if vendor == "sqlite":
        condition = f"WHEN ({when})" if when else ""
        return [
            f'CREATE TRIGGER "{name}" BEFORE {action.upper()} ON "{table}" FOR EACH ROW {condition} '
            f"BEGIN SELECT RAISE(ABORT, '{message}'); END"
        ]
    refuse_rows = _postgresql(name, table, f"BEFORE {action.upper()}", "FOR EACH ROW", when, action, message)
    return [*refuse_rows, *(_refuse_truncate(table, message) if action == "delete" else [])]


def _refuse_truncate(table: str, message: str) -> list[str]:
    """TRUNCATE fires no trigger of rows. An empty table loses nothing by it."""
    when = f'EXISTS (SELECT 1 FROM "{table}")'  # noqa: S608 (names come from migrations)
    return _postgresql(_name(table, "truncate"), table, "BEFORE TRUNCATE", "FOR EACH STATEMENT", when, "", message)


def _postgresql(name: str, table: str, event: str, each: str, when: str, action: str, message: str) -> list[str]:
    """The condition stands in the function, because that of a trigger may hold no sub-queries."""
    result = "OLD" if action == "delete" else "NEW"
    return [
        f'CREATE OR REPLACE FUNCTION "{name}"() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN '
        f"IF {when or 'true'} THEN "
        f"RAISE EXCEPTION '{message}' USING ERRCODE = 'integrity_constraint_violation'; END IF; "
        f"RETURN {result}; END $$",
        f'CREATE TRIGGER "{name}" {event} ON "{table}" {each} EXECUTE FUNCTION "{name}"()',
    ]


def _drop_statements(vendor: str, table: str, action: str) -> list[str]:
    names = _names(vendor, table, action)
    if vendor == "sqlite":
        return [f'DROP TRIGGER IF EXISTS "{name}"' for name in names]
    return [
        statement
        for name in names
        for statement in (f'DROP TRIGGER IF EXISTS "{name}" ON "{table}"', f'DROP FUNCTION IF EXISTS "{name}"()')
    ]


def _names(vendor: str, table: str, action: str) -> list[str]:
    if action == "replace":
        return [_name(table, "insert")] if vendor == "sqlite" else []
    also_truncate = vendor != "sqlite" and action == "delete"
    return [_name(table, action), *([_name(table, "truncate")] if also_truncate else [])]


def _name(table: str, action: str) -> str:
    return f"{table}_no_{action}"


def _only_where_the_table_is(table: str, run: Any) -> Any:
    """Migrations run on every database; the router puts a table into one of them."""

    def guarded(apps: Any, schema_editor: Any) -> None:
        if table in schema_editor.connection.introspection.table_names():
            run(apps, schema_editor)

    return guarded
