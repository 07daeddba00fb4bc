"""How a log line looks: one line, its moment in UTC, no address that works as a key, and who asked.

2026-03-02T12:00:00.000Z WARNING django.request: Forbidden (CSRF cookie not set.): /privacy/request/<token>/ [user …]
"""

from __future__ import annotations

import logging
from datetime import UTC, datetime

from django.contrib.auth import SESSION_KEY
from django.db import DatabaseError
from django.http import HttpRequest

from .http_rules import holds_key


class LineFormatter(logging.Formatter):
    """Further lines (a traceback's) are indented, and what can't be seen is written as an escape: nobody can type
    something that looks like a line of its own."""

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:
        moment = datetime.fromtimestamp(record.created, tz=UTC)
        return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")

    def format(self, record: logging.LogRecord) -> str:
        return "".join(_shown(character) for character in super().format(record))


def _shown(character: str) -> str:
    if character == "\n":
        return "\n    "
    return character if character.isprintable() else character.encode("unicode_escape").decode("ascii")


class PathFilter(logging.Filter):
    """Django logs the path of each request that it refuses. Written instead: `<token>` for what opens something; of an
    address that the site does not have, which may be such a link with a letter missing, the first part alone."""

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
    if not holds_key(request):
        return request.path
    path = request.path
    for name, value in match.kwargs.items():
        path = path.replace(str(value), f"<{name}>")
    return path


def _who(request: HttpRequest) -> str:
    """The account's id, where the answer depended on it; a log line asks the database nothing."""
    session = getattr(request, "session", None)
    try:
        user = session.get(SESSION_KEY) if session is not None and session.accessed else None
    except DatabaseError:
        return ""  # the database itself may be what the line is about
    return f" [user {user}]" if user else ""
