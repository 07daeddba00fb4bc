"""Logs database queries that take long: their SQL with placeholders, never a value."""

from __future__ import annotations

import logging
import re
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db.backends.base.base import BaseDatabaseWrapper

from .activity import current

logger = logging.getLogger(__name__)

LONGEST = 2000  # characters of SQL in a line
# What may stand in SQL instead of a placeholder: texts, dollar-quoted texts of PostgreSQL, bytes and numbers.
_LITERAL = re.compile(
    r"[eEbBxX]?'(?:[^']|'')*(?:'|\Z)|\$(\w*)\$.*?(?:\$\1\$|\Z)|(?<![\w.\"$%])\d[\d.]*(?!\w)", re.DOTALL
)


def install_slow_query_log(*, connection: BaseDatabaseWrapper, **kwargs: Any) -> None:
    """On each new connection; a wrapper that connects again has it already."""
    if settings.LOG_SLOW_QUERIES_MS and log_slow_query not in connection.execute_wrappers:
        connection.execute_wrappers.insert(0, log_slow_query)  # `execute_wrapper` takes the last one off at its end


def log_slow_query(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
    begun = time.perf_counter()
    try:
        return execute(sql, params, many, context)
    finally:
        milliseconds = (time.perf_counter() - begun) * 1000
        if milliseconds >= settings.LOG_SLOW_QUERIES_MS:
            logger.warning("slow query: %d ms in %s: %s", milliseconds, _at_work(), without_literals(sql)[:LONGEST])


def without_literals(sql: str) -> str:
    return _LITERAL.sub("?", " ".join(str(sql).split()))


def _at_work() -> str:
    """A route, a task, a round, or the command that this process runs."""
    activity = current()
    if activity is not None:
        return activity.described() or activity.kind
    command = sys.argv[1] if len(sys.argv) > 1 and Path(sys.argv[0]).name == "manage.py" else ""
    return command if command.isidentifier() else Path(sys.argv[0]).name
