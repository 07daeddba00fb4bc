"""How a line looks: plain or JSON. Both keep one event to one line's beginning, and drop personal data.

2026-03-02T12:00:00.000Z WARNING django.security.csrf: Forbidden (no cookie): privacy:confirm [user 7] [request 5f3c…]
"""

from __future__ import annotations

import json
import logging
import traceback
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from django.core.exceptions import ImproperlyConfigured

from .activity import current, route_of
from .personal_data import without_personal_data


def fields(record: logging.LogRecord) -> dict[str, Any]:
    """Of a refused request (`RequestFilter`) also its route, status and user."""
    moment = datetime.fromtimestamp(record.created, tz=UTC).isoformat(timespec="milliseconds")
    found: dict[str, Any] = {
        "time": moment.replace("+00:00", "Z"),
        "level": record.levelname,
        "logger": record.name,
        "message": without_personal_data(_message(record)),
    }
    activity = current()
    if activity is not None:
        found[activity.kind] = activity.id
        if activity.request is not None:
            found["route"] = route_of(activity.request)
        elif activity.name:
            found["name"] = activity.name
    found |= getattr(record, "of_request", {})
    if record.exc_info and record.exc_info[1] is not None:
        found["exception"] = "".join(without_messages(record.exc_info[1]))
    if record.stack_info:
        found["stack"] = record.stack_info
    return found


def _message(record: logging.LogRecord) -> str:
    """Python would print a line whose arguments don't fit, with all of them."""
    try:
        return record.getMessage()
    except Exception:
        return f"a line can't be written: {record.pathname}, line {record.lineno}"


def without_messages(error: BaseException | None) -> Iterator[str]:
    """The error and those that caused it, the first one first: where in the program, and which kinds of errors.

    Their messages may name people: a mail server repeats addresses, a database repeats values. Settings say no values.
    """
    if error is not None:
        earlier = "\n".join(
            without_messages(error.__cause__ or (None if error.__suppress_context__ else error.__context__))
        )
        kind = f"{type(error).__module__}.{type(error).__qualname__}"
        said = f": {without_personal_data(str(error))}" if type(error) is ImproperlyConfigured else ""
        yield (
            f"{earlier}\n" if earlier else ""
        ) + f"{without_personal_data(''.join(traceback.format_tb(error.__traceback__)))}{kind}{said}"


class PlainFormatter(logging.Formatter):
    """Indents continuation lines (tracebacks) and escapes unprintable characters, so that no input can forge a line."""

    def format(self, record: logging.LogRecord) -> str:
        found = fields(record)
        refused = getattr(record, "of_request", {})
        line = f"{found['time']} {found['level']} {found['logger']}: {found['message']}"
        line += f": {refused['route']}" if refused else ""
        tags = ("user", "request", "task", "round")
        line += "".join(f" [{name} {found[name]}]" for name in tags if found.get(name))
        further = [found[name] for name in ("exception", "stack") if name in found]
        return "".join(_escaped(character) for character in "\n".join([line, *further]))


def _escaped(character: str) -> str:
    if character == "\n":
        return "\n    "
    return character if character.isprintable() else character.encode("unicode_escape").decode("ascii")


class JsonFormatter(logging.Formatter):
    """One object a line. An exception is one text in it."""

    def format(self, record: logging.LogRecord) -> str:
        return json.dumps(fields(record), default=str)


FORMATTERS = {"plain": PlainFormatter, "json": JsonFormatter}
