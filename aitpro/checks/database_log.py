"""Deployment check: PostgreSQL's own log holds nothing of what people typed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.core.checks import CheckMessage, Warning, register
from django.db import DatabaseError, connections

# By default, a statement that fails, or whose connection ends, is logged with its values, and a refused row with its
# content.
QUIET = {
    "log_error_verbosity": {"terse"},
    "log_min_duration_statement": {"-1"},
    "log_min_error_statement": {"panic"},
    "log_parameter_max_length_on_error": {"0"},
    "log_statement": {"none", "ddl"},
}


@register(deploy=True)
def database_logs_no_values(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    return [message for alias in connections for message in _talkative(alias)]


def _talkative(alias: str) -> Iterator[CheckMessage]:
    if connections[alias].vendor != "postgresql":
        return
    try:
        with connections[alias].cursor() as cursor:
            cursor.execute("SELECT name, setting FROM pg_settings WHERE name = ANY(%s)", [sorted(QUIET)])
            found = dict(cursor.fetchall())
    except DatabaseError:  # others say that it is away
        return
    if wrong := sorted(name for name, setting in found.items() if setting not in QUIET[name]):
        said = f"PostgreSQL writes what people typed into its own log ({alias}): {', '.join(wrong)}."
        hint = "docs/deployment.md, step 3, sets log_min_error_statement and log_error_verbosity; reset the others."
        yield Warning(said, hint=hint, id="aitpro.W016")
