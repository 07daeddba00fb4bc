"""Migrating while visitors use the site: nobody waits for long, and what was cut off goes on the next time."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.contrib.postgres.operations import AddIndexConcurrently
from django.core.management import CommandError, call_command
from django.db import OperationalError, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations import Migration
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.recorder import MigrationRecorder
from django.db.migrations.state import ProjectState

from privacy.databases.migrations import migrated_apps

LOCK_TIMEOUT = "2s"  # as long as a visitor waits behind a migration that waits
PAUSES = (1, 2, 4, 8, 15, 30)  # seconds between the attempts
CONCURRENTLY = " CONCURRENTLY "


@dataclass(frozen=True)
class Pending:
    """What one database lacks of this code, or has beyond it."""

    alias: str
    plan: list[Migration]
    state: ProjectState  # of what is applied
    is_empty: bool
    beyond: list[str]  # applied, and unknown to this code

    @property
    def names(self) -> list[str]:
        return [f"{migration.app_label}.{migration.name}" for migration in self.plan]


def pending(alias: str) -> Pending:
    loader = (executor := MigrationExecutor(connections[alias])).loader
    applied = MigrationRecorder(connections[alias]).applied_migrations().keys()
    targets = [leaf for leaf in loader.graph.leaf_nodes() if leaf[0] in migrated_apps(alias)]
    known = [key for key in applied if key in loader.graph.nodes]
    return Pending(
        alias=alias,
        plan=[migration for migration, _ in executor.migration_plan(targets)],
        state=loader.project_state(known),
        is_empty=not applied,
        beyond=sorted(".".join(key) for key in applied - loader.disk_migrations.keys()),
    )


def migrate(missing: Pending, say: Callable[[str], object]) -> None:
    """Applies what is missing, each migration in a transaction of its own. Raises `CommandError` if a lock could not be
    had in several attempts: then what was applied is kept, and nothing is half done."""
    connection = connections[missing.alias]
    with _short_locks(connection):
        for pause in (*PAUSES, None):
            try:
                _drop_unfinished_indexes(connection, missing.plan, say)
                call_command("migrate", database=missing.alias, interactive=False, verbosity=0)
                return
            except OperationalError as error:
                if not _is_held_up(error):
                    raise
                if pause is None:
                    break
                say(f"Somebody holds a lock that a migration needs; visitors go first. Again in {pause} s.")
                time.sleep(pause)
    raise CommandError(
        f"The database {missing.alias} could not be migrated: something holds a lock on it for long. Nothing is half"
        " done, and the site goes on. Look for long transactions (docs/upgrades.md), and run this command again."
    )


@contextmanager
def _short_locks(connection: BaseDatabaseWrapper) -> Iterator[None]:
    """On PostgreSQL, whoever waits for a lock makes all wait that come after. An index that is built concurrently makes
    nobody wait, and has to wait for others as long as they take."""
    if connection.vendor != "postgresql":
        yield
        return

    def without_timeout(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        if CONCURRENTLY not in sql:
            return execute(sql, params, many, context)
        _set_lock_timeout(connection, "0")
        try:
            return execute(sql, params, many, context)
        finally:
            _set_lock_timeout(connection, LOCK_TIMEOUT)

    _set_lock_timeout(connection, LOCK_TIMEOUT)
    try:
        with connection.execute_wrapper(without_timeout):
            yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("RESET lock_timeout")


def _set_lock_timeout(connection: BaseDatabaseWrapper, value: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('lock_timeout', %s, false)", [value])


def _drop_unfinished_indexes(
    connection: BaseDatabaseWrapper, plan: list[Migration], say: Callable[[str], object]
) -> None:
    """What was cut off outside a transaction leaves an index that no migration is recorded for, perhaps half of one. A
    new attempt would trip on it."""
    planned = {
        operation.index.name
        for migration in plan
        for operation in migration.operations
        if isinstance(operation, AddIndexConcurrently)
    }
    is_postgresql = connection.vendor == "postgresql"
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname FROM pg_class WHERE relkind = 'i'"
            if is_postgresql
            else "SELECT name FROM sqlite_master WHERE type = 'index'"
        )
        for name in planned & {name for (name,) in cursor.fetchall()}:
            say(f"The index {name} was not finished: it is built anew.")
            cursor.execute(f"DROP INDEX{CONCURRENTLY if is_postgresql else ' '}{connection.ops.quote_name(name)}")


def _is_held_up(error: OperationalError) -> bool:
    cause = error.__cause__
    return getattr(cause, "sqlstate", "") == "55P03" or (
        isinstance(cause, sqlite3.OperationalError) and cause.sqlite_errorcode == sqlite3.SQLITE_BUSY
    )
