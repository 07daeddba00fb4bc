"""The format of log lines: one line per event, UTC time, no tokens, the user's id for a rejected request.

2026-03-02T12:00:00.000Z WARNING django.request: Forbidden (CSRF cookie not set.): /privacy/request/<token>/ [user …]
"""

from __future__ import annotations

import logging
import traceback
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from django.contrib.auth import SESSION_KEY
from django.db import DatabaseError
from django.http import HttpRequest

from .http_rules import has_token


class LineFormatter(logging.Formatter):
    """Indents continuation lines (tracebacks) and escapes unprintable characters, so that no input can forge a line."""

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:
        moment = datetime.fromtimestamp(record.created, tz=UTC)
        return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")

    def format(self, record: logging.LogRecord) -> str:
        record.exc_text = None  # another handler's formatter may have left the full text there
        return "".join(_escaped(character) for character in super().format(record))

    def formatException(self, ei: Any) -> str:
        """Where in the program, and which kinds of errors. Their messages may name people: a mail server repeats
        addresses, a database repeats values."""
        return "\n".join(_without_messages(ei[1]))


def _without_messages(error: BaseException | None) -> Iterator[str]:
    """The error and those that caused it, the first one first."""
    if error is not None:
        yield from _without_messages(error.__cause__ or (None if error.__suppress_context__ else error.__context__))
        yield "".join(traceback.format_tb(error.__traceback__)) + f"{type(error).__module__}.{type(error).__qualname__}"


def _escaped(character: str) -> str:
    if character == "\n":
        return "\n    "
    return character if character.isprintable() else character.encode("unicode_escape").decode("ascii")


class PathFilter(logging.Filter):
    """Django logs the path of each request that fails. This replaces tokens in it by `<token>`, and cuts an unknown
    path, which may be a mistyped link with a token, after its first segment."""

    def filter(self, record: logging.LogRecord) -> bool:
        request = getattr(record, "request", None)
        if isinstance(request, HttpRequest) and isinstance(record.args, tuple):
            paths = {request.path, request.path.encode("unicode_escape").decode("ascii")}  # as Django passes it
            shown = f"{_path_to_log(request)}{_who(request)}"
            record.args = tuple(shown if arg in paths else arg for arg in record.args)
        return True


def _path_to_log(request: HttpRequest) -> str:
    match = request.resolver_match
    if match is None:
        first, slash, rest = request.path.removeprefix("/").partition("/")
        return f"/{first}/…" if rest else f"/{first[:40]}{slash}"
    if not has_token(request):
        return request.path
    path = request.path
    for name, value in match.kwargs.items():
        path = path.replace(str(value), f"<{name}>")
    return path


def _who(request: HttpRequest) -> str:
    """The signed-in user's id if the session was loaded already: logging must not query the database."""
    session = getattr(request, "session", None)
    try:
        user = session.get(SESSION_KEY) if session is not None and session.accessed else None
    except DatabaseError:
        return ""  # the database may be the reason for this line
    return f" [user {user}]" if user else ""
