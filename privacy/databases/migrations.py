"""Whether the databases have the tables and columns that this code expects."""

from __future__ import annotations

from functools import cache

from django.db import connections
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder


def pending_migrations(alias: str) -> int:
    """How many migrations of this code the database lacks. One or two queries. An older version of the code lacks none
    on a newer database."""
    return len(_migrations() - MigrationRecorder(connections[alias]).applied_migrations().keys())


@cache
def _migrations() -> frozenset[tuple[str, str]]:
    return frozenset(MigrationLoader(None).disk_migrations)
