"""A stolen copy of the databases, without keys: its values, and the URLs they might open.

Each night a different sample of each column is tried; all values would take minutes (`tests/site` tries all).
"""

from __future__ import annotations

import base64
import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, unquote
from uuid import UUID

from django.db import connections
from django.urls import Resolver404, URLPattern, get_resolver, resolve
from django.urls.converters import IntConverter, UUIDConverter

from privacy.databases.aliases import own_aliases

NAMES_SOMETHING = re.compile(r"^id$|(key|token|digest|reference|number)$")
KEY_LIKE = re.compile(r"[\w.:=@+-]{8,300}", re.ASCII)


@dataclass(frozen=True)
class Value:
    """A value that could be a key, in one form that a thief would try."""

    table: str
    column: str
    text: str

    @property
    def names_something(self) -> bool:
        """Whether the column is likely an ID or token, rather than a date or amount."""
        return bool(NAMES_SOMETHING.search(self.column))


def stolen_values(*, rows: int = 1) -> list[Value]:
    """Values of each column of both databases: from the latest row, and random others."""
    return [
        Value(table, name, form)
        for table, name, values in columns()
        for value in {as_text(value): value for value in (values[-1:] + _some(values[:-1], rows - 1))}.values()
        for form in forms(value)
        if KEY_LIKE.fullmatch(form)
    ]


def _some(values: list[Any], count: int) -> list[Any]:
    return secrets.SystemRandom().sample(values, min(count, len(values)))


def columns() -> Iterator[tuple[str, str, list[Any]]]:
    """Table, column and raw values, including third-party tables."""
    for alias in own_aliases():
        with connections[alias].cursor() as cursor:
            for table in connections[alias].introspection.table_names(cursor):
                cursor.execute(f"SELECT * FROM {connections[alias].ops.quote_name(table)}")  # noqa: S608
                names = [column[0] for column in cursor.description or ()]
                for name, *values in zip(names, *cursor.fetchall(), strict=True):
                    yield table, name, values


def as_text(value: Any) -> bytes:
    return bytes(value) if isinstance(value, (bytes, memoryview)) else str(value).encode()


def forms(value: Any) -> Iterator[str]:
    """The value as text, hexadecimal or base64; UUIDs with and without hyphens."""
    if isinstance(value, (bytes, memoryview)):
        yield bytes(value).hex()
        yield base64.urlsafe_b64encode(bytes(value)).decode().rstrip("=")
    elif isinstance(value, UUID):
        yield from (str(value), value.hex)
    elif isinstance(value, str):
        yield value
        if re.fullmatch(r"[0-9a-f]{32}", value):
            yield str(UUID(value))


@dataclass(frozen=True)
class Door:
    """A URL pattern with parameters: `privacy/request/<str:token>/`."""

    route: str
    pattern: URLPattern

    @property
    def app(self) -> str:
        return str(self.pattern.lookup_str).partition(".")[0]

    def path(self, place: str, value: str, really: dict[str, str]) -> str:
        """The path with the value as one parameter; others get the value in `really` or nonsense."""
        filled = {**{other: self.nonsense(other) for other in self.places()}, **really, place: value}
        return "/" + re.sub(r"<(?:\w+:)?(\w+)>", lambda found: quote(filled[found.group(1)], safe=""), self.route)

    def places(self) -> list[str]:
        return list(self.pattern.pattern.converters)

    def takes(self, place: str, value: str) -> bool:
        try:
            self.pattern.pattern.converters[place].to_python(value)
        except ValueError:
            return False
        return True

    def is_at(self, path: str) -> bool:
        """Whether the path leads here, and not to an address whose name is one of the parameters."""
        try:
            return resolve(unquote(path)).route == self.route
        except Resolver404:
            return False

    def nonsense(self, place: str) -> str:
        """A well-formed value that identifies nothing."""
        converter = self.pattern.pattern.converters[place]
        if isinstance(converter, UUIDConverter):
            return str(UUID(bytes=secrets.token_bytes(16)))
        return "999999999" if isinstance(converter, IntConverter) else secrets.token_urlsafe(24)


def doors(patterns: Any = None, prefix: str = "") -> Iterator[Door]:
    """Every URL pattern with parameters."""
    for pattern in get_resolver().url_patterns if patterns is None else patterns:
        route = prefix + str(pattern.pattern)
        if not isinstance(pattern, URLPattern):
            yield from doors(pattern.url_patterns, route)
        elif "<" in route:
            yield Door(route, pattern)
