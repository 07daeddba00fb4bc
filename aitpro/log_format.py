"""The log format: one line per event, UTC time, no paths, the user's id for a rejected request.

2026-03-02T12:00:00.000Z WARNING django.security.csrf: Forbidden (CSRF cookie not set.): privacy:confirm [user …]
"""

from __future__ import annotations

import logging
import traceback
from collections.abc import Iterator
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

from django.contrib.auth import SESSION_KEY
from django.db import DatabaseError
from django.http import HttpRequest
from django.urls import Resolver404, resolve

from affiliates.tracking.visit_kinds import is_prefetch

LINE: Any = {"fmt": "{asctime} {levelname} {name}: {message}", "style": "{"}


class LineFormatter(logging.Formatter):
    """Indents continuation lines (tracebacks) and escapes unprintable characters, so that no input can forge a line."""

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:
        moment = datetime.fromtimestamp(record.created, tz=UTC)
        return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")

    def format(self, record: logging.LogRecord) -> str:
        record.exc_text = None  # another formatter may have stored the full text
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


class RequestFilter(logging.Filter):
    """Django logs the path of each request that fails, and at times the header or parameter that it refused. All of
    them are typed, or are links that open something: the line has the status, the route's name and the user instead.

    A request that Django refused as forged is no error of this site: a warning of one line, as many as strangers send.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        if record.name.startswith("django.security."):
            record.levelno, record.levelname, record.exc_info = logging.WARNING, "WARNING", None
        request, status = getattr(record, "request", None), getattr(record, "status_code", None)
        if isinstance(request, HttpRequest) and status is not None:
            what = f"{HTTPStatus(status).phrase}{_reason(record)}"
            record.msg, record.args = "%s: %s%s", (what, _route(request), _who(request))
        return True


class UnavailableFilter(logging.Filter):
    """Django logs each 503 as an error. Here it is always an answer that the site chose (too busy, PayPal can't be
    reached): a warning, beside the line of whoever knows what broke. The answer to a prefetch is routine: no line."""

    def filter(self, record: logging.LogRecord) -> bool:
        if getattr(record, "status_code", None) != HTTPStatus.SERVICE_UNAVAILABLE:
            return True
        record.levelno, record.levelname = logging.WARNING, logging.getLevelName(logging.WARNING)
        return not is_prefetch(record.request)  # type: ignore[attr-defined]


def _reason(record: logging.LogRecord) -> str:
    """Why a form was refused, up to the header or the parameter that Django repeats."""
    if record.name != "django.security.csrf" or not isinstance(record.args, tuple):
        return ""
    return f" ({str(record.args[0]).partition(' - ')[0]})"


def _route(request: HttpRequest) -> str:
    """Also of a request that was refused before it got there."""
    try:
        match = request.resolver_match or resolve(request.path_info)
    except Resolver404:
        return "no such address"
    return match.view_name if match.url_name else match.route


def _who(request: HttpRequest) -> str:
    """The signed-in user's id if the session was loaded already: logging must not query the database."""
    session = getattr(request, "session", None)
    try:
        user = session.get(SESSION_KEY) if session is not None and session.accessed else None
    except DatabaseError:
        return ""  # the database may be the reason for this line
    return f" [user {user}]" if user else ""
