"""The scratch copy's databases on the site's PostgreSQL server. SQLite databases are just files in the copy's
folder."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote, urlencode

import psycopg
from django.conf import settings
from psycopg import sql

PREFIX = "aitpro_rehearsal_"
LEFT_BEHIND = 60 * 60  # seconds; then a copy's database is orphaned, because no rehearsal takes that long

Settings = dict[str, Any]


class NoDatabase(Exception):
    """The server can't create a database; the text says why."""


@contextmanager
def scratch_databases(templates: dict[str, str] | None = None) -> Iterator[dict[str, str]]:
    """`DATABASE_URL` and `KEYSTORE_URL` of new databases, for each of the site's databases that is on a server. They
    are dropped after the block. `templates` are URLs of prepared databases to copy. Raises `NoDatabase`."""
    made: list[tuple[Settings, str]] = []
    try:
        urls = {}
        for variable, server in _servers().items():
            name = f"{PREFIX}{int(time.time())}_{secrets.token_hex(4)}"
            _make(server, name, template=(templates or {}).get(variable, "").rpartition("/")[2].partition("?")[0])
            made.append((server, name))
            urls[variable] = _address(server, name)
        yield urls
    finally:
        for server, name in made:
            _drop(server, name)


def _servers() -> dict[str, Settings]:
    """Settings of databases on a server, by environment variable."""
    own = settings.REHEARSAL_DATABASE
    databases = {"DATABASE_URL": settings.DATABASES["default"], "KEYSTORE_URL": settings.DATABASES["keystore"]}
    return {name: own or each for name, each in databases.items() if each["ENGINE"].endswith("postgresql")}


def _make(server: Settings, name: str, *, template: str) -> None:
    as_copy = sql.SQL(" TEMPLATE {}").format(sql.Identifier(template)) if template else sql.SQL("")
    try:
        with _connected(server) as connection:
            _drop_left_behind(connection)
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)) + as_copy)
    except psycopg.errors.InsufficientPrivilege:
        raise NoDatabase("the database role may not create databases (see REHEARSAL_DATABASE_URL)") from None
    except psycopg.Error as error:
        raise NoDatabase(f"the server can't create a database: {type(error).__name__}") from None


def _drop(server: Settings, name: str) -> None:
    with _connected(server) as connection:
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def _drop_left_behind(connection: psycopg.Connection[Any]) -> None:
    """Drops databases of rehearsals that were killed."""
    found = connection.execute("SELECT datname FROM pg_database WHERE starts_with(datname, %s)", [PREFIX])
    for (name,) in found.fetchall():
        if int(name.removeprefix(PREFIX).partition("_")[0]) < time.time() - LEFT_BEHIND:
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def _connected(server: Settings) -> psycopg.Connection[Any]:
    options = {"host": server["HOST"], "port": server["PORT"], "user": server["USER"], "password": server["PASSWORD"]}
    given: Settings = {name: str(value) for name, value in {**options, **_libpq(server)}.items() if value}
    try:
        return psycopg.connect(dbname=server["NAME"], autocommit=True, connect_timeout=10, **given)
    except psycopg.OperationalError:  # a separate role for rehearsals may have no access to the site's database
        return psycopg.connect(dbname="postgres", autocommit=True, connect_timeout=10, **given)


def _libpq(server: Settings) -> Settings:
    """Options from the database URL's query string."""
    return {name: value for name, value in server.get("OPTIONS", {}).items() if isinstance(value, str)}


def _address(server: Settings, name: str) -> str:
    who = ":".join(quote(str(server[name]), safe="") for name in ("USER", "PASSWORD") if server[name])
    where = str(server["HOST"]) + (f":{server['PORT']}" * bool(server["PORT"]))
    options = f"?{urlencode(_libpq(server))}" if _libpq(server) else ""
    return f"postgres://{who}@{where}/{name}{options}"
