"""Databases that can't be used for a while: stopped, restarting, full, locked, read-only. What to call it, and how to
wait for the end. A mistake in a query or in the settings is none of them."""

from __future__ import annotations

import logging
import re
import sqlite3
import time
from collections.abc import Callable, Iterator
from secrets import SystemRandom
from typing import TypeVar

from django.db import Error, InterfaceError, InternalError, OperationalError, connections

from .aliases import own_aliases

Result = TypeVar("Result")

RANDOM = SystemRandom()
FIRST_PAUSE, LONGEST_PAUSE = 0.2, 10.0  # seconds; doubled with each attempt
READ_ONLY = "25006"  # SQLSTATE of a server that was demoted, or whose administrator stopped writes
REASONS = {
    "53100": "the disk is full",
    "53300": "too many connections",
    sqlite3.SQLITE_BUSY: "locked by another process",
    sqlite3.SQLITE_FULL: "the disk is full",
    READ_ONLY: "read-only",
    sqlite3.SQLITE_READONLY: "read-only",
}
# PostgreSQL's words for mistakes in its address: a client gets no SQLSTATE before it is connected.
MISCONFIGURED = re.compile(r"FATAL: .*(does not exist|authentication failed|no pg_hba.conf entry)|no password supplied")

logger = logging.getLogger(__name__)

_waiting = False


def is_outage(error: BaseException | None) -> bool:
    """Whether the error, or what caused it, says that a database can't be used now."""
    return any(map(_says_so, _causes(error)))


def is_misconfigured(error: BaseException | None) -> bool:
    """Whether it is an outage that waiting won't end: a file that can't be opened, a database or a user that the server
    doesn't know."""
    return any(MISCONFIGURED.search(str(each)) or _code(each) == sqlite3.SQLITE_CANTOPEN for each in _causes(error))


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _says_so(error: BaseException) -> bool:
    """SQLite calls mistakes in a query operational, too."""
    if isinstance(error, OperationalError):
        return _code(error) != sqlite3.SQLITE_ERROR
    if isinstance(error, InternalError):
        return _code(error) == READ_ONLY
    # Psycopg says this of a connection that broke before. SQLite's driver says it of a mistake.
    return isinstance(error, InterfaceError) and not isinstance(error.__cause__, sqlite3.Error)


def _code(error: BaseException) -> str | int | None:
    cause = error.__cause__
    code = getattr(cause, "sqlite_errorcode", None)
    return getattr(cause, "sqlstate", None) if code is None else code & 0xFF  # without SQLite's details


def reason_of(error: BaseException | None) -> str:
    """In words for the log. Never the driver's, which name hosts and users."""
    named = [REASONS[code] for each in _causes(error) if (code := _code(each)) in REASONS]
    return named[0] if named else "no answer"


def databases_answer() -> bool:
    """Whether all of them can be connected to. Without its read replica, the site does the same."""
    try:
        for connection in map(connections.__getitem__, own_aliases()):
            if not connection.in_atomic_block:
                connection.close()
            with connection.cursor() as cursor:
                cursor.execute("SELECT 1")
    except Error:
        return False
    return True


def through_outages(work: Callable[[], Result]) -> Result:
    """The result of `work`, which is repeated as long as it fails because of an outage. One line is logged when the
    outage is noticed, and one when it is over. Inside a transaction, which can't be repeated from here, the error is
    raised."""
    global _waiting
    pause, began = FIRST_PAUSE, None
    try:
        while True:
            try:
                result = work()
            except Exception as error:
                if not is_outage(error) or any(connection.in_atomic_block for connection in connections.all()):
                    raise
                _waiting = True
                if began is None:
                    began = time.monotonic()
                    logger.warning("the database can't be used (%s); waiting", reason_of(error))
            else:
                if began is not None:
                    logger.warning("the database can be used again, after %d s", time.monotonic() - began)
                return result
            connections.close_all()
            time.sleep(pause * RANDOM.uniform(0.5, 1))  # so that many processes don't come at once
            pause = min(2 * pause, LONGEST_PAUSE)
    finally:
        _waiting = False


def is_waiting() -> bool:
    """Whether this process waits for a database, so that it may be ended at once."""
    return _waiting
