"""Which migrations a database needs, and whether it has them: the tables and columns that this code expects."""

from __future__ import annotations

from functools import cache

from django.db import connections, router
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder


def pending_migrations(alias: str) -> int:
    """How many migrations of this code the database lacks. One or two queries. An older version of the code lacks none
    on a newer database."""
    needed = {migration for migration in _migrations() if migration[0] in migrated_apps(alias)}
    return len(needed - MigrationRecorder(connections[alias]).applied_migrations().keys())


@cache
def migrated_apps(alias: str) -> frozenset[str]:
    """The labels of the apps that have tables in this database: one for the key store, all others for the main one."""
    return frozenset(label for label, _ in _migrations() if router.allow_migrate(alias, label))


@cache
def _migrations() -> frozenset[tuple[str, str]]:
    return frozenset(MigrationLoader(None).disk_migrations)
