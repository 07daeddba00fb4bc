"""The names of the databases in the settings."""

from __future__ import annotations

from django.db import connections

REPLICA = "replica"


def own_aliases() -> list[str]:
    """The databases that this site writes to and migrates: all but the read replica."""
    return [alias for alias in connections if alias != REPLICA]
