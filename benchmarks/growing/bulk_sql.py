"""SQL that lets the database multiply rows which the program made, on SQLite and PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, models

from privacy.encryption.blind_index import INDEX_BYTES


@contextmanager
def at_any_risk() -> Iterator[None]:
    """Trades crash safety for speed: the database is disposable, and SQLite writes each page once."""
    if connection.vendor != "sqlite":
        yield
        return
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA journal_mode=OFF")
        cursor.execute("PRAGMA synchronous=OFF")
        cursor.execute("PRAGMA secure_delete=OFF")
        cursor.execute("PRAGMA cache_size=-1000000")
        yield
        cursor.execute("PRAGMA cache_size=-2000")
        cursor.execute("PRAGMA secure_delete=ON")
        cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute("PRAGMA synchronous=FULL")


def analyze() -> None:
    """What PostgreSQL's autovacuum would have done by then: statistics for the planner, and a visibility map, without
    which no index answers alone. SQLite has its estimates since it was migrated (ADR 99)."""
    if connection.vendor == "postgresql":
        run("VACUUM ANALYZE")


def copy_rows(model: type[models.Model], which: str, new: str, **values: str) -> None:
    """Inserts the row `which` (`old`) once per row of `new`, with the given values replaced."""
    columns = [field.column for field in model._meta.local_concrete_fields]
    named = [column for column in columns if column != "id" or "id" in values]
    chosen = ", ".join(values.get(column, f"old.{column}") for column in named)
    table = model._meta.db_table
    run(f"INSERT INTO {table} ({', '.join(named)}) SELECT {chosen} FROM {table} old, {new} new WHERE {which}")


def run(sql: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql)


def numbers(count: int) -> str:
    """A table of the numbers from 1, in the column `i`."""
    series = f"WITH RECURSIVE s(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM s WHERE i < {count})"
    return f"({series} SELECT i FROM s)"


def uuid_of(number: int | str) -> str:
    """A small number as a UUID."""
    if connection.vendor == "sqlite":
        return f"printf('%032x', {number})"
    return f"lpad(to_hex({number}), 32, '0')::uuid"


def index_of(number: str) -> str:
    """A number in the shape of a blind index."""
    if connection.vendor == "sqlite":
        return f"CAST(printf('%0{INDEX_BYTES}d', {number}) AS blob)"
    return f"convert_to(lpad(({number})::text, {INDEX_BYTES}, '0'), 'UTF8')"


def ago(seconds: str) -> str:
    """The moment so many seconds before now; after it, if they are negative."""
    if connection.vendor == "sqlite":
        return f"strftime('%Y-%m-%d %H:%M:%S', 'now', printf('%d seconds', -({seconds})))"
    return f"now() - ({seconds}) * interval '1 second'"


def day_of(moment: str) -> str:
    """The day in UTC."""
    return f"date({moment})" if connection.vendor == "sqlite" else f"({moment} AT TIME ZONE 'UTC')::date"
