"""The read replica (`REPLICA_URL`): a copy of the main database that PostgreSQL keeps up to date, seconds behind.

Reports may read it, for large sums that need not be of this second. A view says so, and names the tables:

    @reads_replica(Order, Refund)
    def report(request): ...

Everything else reads the main database, in such a view, too: sessions, permissions, gates, limits, and what the next
write depends on. Nothing is ever written to the replica. Without one, or while it is away or more than
`REPLICA_LAG_SECONDS` behind, the view reads the main database. What staff see says which of them it was.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Set
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import timedelta
from functools import wraps
from typing import Any, TypeVar, cast

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, DatabaseError, connections, models

from .aliases import REPLICA
from .outages import is_outage

View = TypeVar("View", bound=Callable[..., Any])

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Source:
    """Where a report's figures come from. `tables` are read from the replica, which is `lag` behind."""

    lag: timedelta | None = None  # None: the replica doesn't say
    tables: frozenset[type[models.Model]] = frozenset()

    def __str__(self) -> str:
        """For staff, as a sentence."""
        if self.tables:
            seconds = round(self.lag.total_seconds()) if self.lag else 0
            behind = f"{seconds} second{'' if seconds == 1 else 's'} behind" if seconds else "up to date"
            return f"These figures come from the read replica, which is {behind}."
        why = "does not say how far it is behind" if self.lag is None else f"is {_in_words(self.lag)} behind"
        return f"These figures come from the main database: the read replica {why}."


_declared: dict[str, Set[str]] = {}
_source: ContextVar[Source | None] = ContextVar("source", default=None)


class ReplicaRouter:
    """Reads of the tables that a running report has named go to the replica."""

    def db_for_read(self, model: type[models.Model], **hints: Any) -> str | None:
        source = _source.get()
        if source is not None and model in source.tables:
            return REPLICA
        return self.db_for_write(model, **hints)

    def db_for_write(self, model: type[models.Model], **hints: Any) -> str | None:
        """A row that was read from the replica is written, and read again, where all rows are written."""
        instance = hints.get("instance")
        return DEFAULT_DB_ALIAS if instance is not None and instance._state.db == REPLICA else None

    def allow_relation(self, one: models.Model, other: models.Model, **hints: Any) -> bool | None:
        return True if {one._state.db, other._state.db} == {DEFAULT_DB_ALIAS, REPLICA} else None

    def allow_migrate(self, db: str, app_label: str, **hints: Any) -> bool | None:
        return False if db == REPLICA else None


def reads_replica(*tables: type[models.Model]) -> Callable[[View], View]:
    """For a view that only shows figures: it is called again on the main database if the replica fails meanwhile."""

    def decorate(view: View) -> View:
        @wraps(view)
        def reading(*args: Any, **kwargs: Any) -> Any:
            if not has_replica():
                return view(*args, **kwargs)
            lag = replica_lag()
            if lag is not None and lag.total_seconds() <= settings.REPLICA_LAG_SECONDS:
                try:
                    return _with(Source(lag, frozenset(tables)), view, *args, **kwargs)
                except DatabaseError as error:
                    if not is_outage(error):
                        raise
                    logger.warning("the read replica failed within a report; the main database is read instead")
                    lag = None
            return _with(Source(lag), view, *args, **kwargs)

        _declared[f"{view.__module__}.{view.__qualname__}"] = {table._meta.label for table in tables}
        return cast(View, reading)

    return decorate


def _with(source: Source, view: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    token = _source.set(source)
    try:
        return view(*args, **kwargs)
    finally:
        _source.reset(token)


def declared() -> Mapping[str, Set[str]]:
    """The tables that each report reads from the replica, by the report's function."""
    return _declared


def current_source() -> Source | None:
    """Where the running report reads; None without a replica, and everywhere else."""
    return _source.get()


def has_replica() -> bool:
    return REPLICA in connections.settings


def replica_lag() -> timedelta | None:
    """How far the replica is behind; None if it doesn't answer, is no replica, or can't tell.

    Compared with what the main database has written by now, so that a replica whose connection to it is broken doesn't
    look up to date. If that is more than it has replayed, it is as far behind as the last commit that it knows; one
    that has replayed none since it was started knows none.
    """
    try:
        with connections[DEFAULT_DB_ALIAS].cursor() as cursor:
            cursor.execute("SELECT pg_current_wal_lsn()")
            [written] = cursor.fetchone()
        with connections[REPLICA].cursor() as cursor:
            cursor.execute(
                "SELECT CASE WHEN pg_last_wal_replay_lsn() >= %s::pg_lsn OR pg_last_xact_replay_timestamp() > now()"
                " THEN interval '0' ELSE now() - pg_last_xact_replay_timestamp() END WHERE pg_is_in_recovery()",
                [written],
            )
            found = cursor.fetchone()
    except DatabaseError:
        return None
    return found[0] if found else None


def _in_words(lag: timedelta) -> str:
    minutes = round(lag.total_seconds() / 60)
    return f"{minutes} minute{'' if minutes == 1 else 's'}" if minutes else "some seconds"
