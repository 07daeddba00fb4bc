"""A database that another version of this site migrated is refused, with what to do."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management import CommandError
from django.db import connections
from django.db.migrations.loader import MigrationLoader


def refuse_unknown_migrations(*, using: str, **_signal: Any) -> None:
    """Receives `pre_migrate`: raises `CommandError` where a migration was applied that this version doesn't have.

    Django would ignore it, and fail in the midst of the next migration, or never.
    """
    loader = MigrationLoader(connections[using])
    if unknown := loader.applied_migrations.keys() - loader.disk_migrations.keys():
        app, name = min(unknown)
        raise CommandError(
            f"The database {using!r} is from another version of this site: it has the migration {app}.{name}, which is"
            " unknown here.\nDemo data of another version can't be used: delete the folder"
            f" {settings.DATA_DIR}, or choose another one (make run DATA_DIR=var2).\n"
            "Migrate any other database back first, with the version that it is from."
        )
