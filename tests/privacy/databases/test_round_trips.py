"""Statements in one round trip: prepared once, and repeated if the connection broke since it was last used."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from copy import copy
from typing import Any

import pytest
from django.db import OperationalError, ProgrammingError, connection, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

from privacy.databases.round_trips import execute_in_one_round_trip

pytestmark = pytest.mark.django_db(transaction=True)
postgresql = pytest.mark.skipif(connection.vendor != "postgresql", reason="asks PostgreSQL")


@pytest.fixture
def line() -> Iterator[BaseDatabaseWrapper]:
    """A connection of its own."""
    own = connection.copy()
    own.settings_dict = copy(own.settings_dict)
    with closing(own):
        yield own


def ask(line: BaseDatabaseWrapper, value: Any = "x") -> Any:
    return execute_in_one_round_trip(line, "SELECT %s", [value])[0][0]


def break_connection(broken: BaseDatabaseWrapper, *, by: BaseDatabaseWrapper = connection) -> None:
    """As a restart of the server does."""
    with by.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s)", [broken.connection.info.backend_pid])


def test_it_returns_rows() -> None:
    assert ask(connection) == "x"


def test_mistake_in_a_statement_is_raised() -> None:
    with pytest.raises((ProgrammingError, OperationalError)):
        execute_in_one_round_trip(connection, "SELECT nothing FROM nowhere", [])


@postgresql
def test_broken_connection_is_replaced(line: BaseDatabaseWrapper) -> None:
    assert ask(line) == "x"
    break_connection(line)
    assert ask(line, "y") == "y"


@postgresql
def test_transaction_on_a_broken_connection_is_not_continued_on_another(line: BaseDatabaseWrapper) -> None:
    with pytest.raises(OperationalError), transaction.atomic():
        ask(connection)
        break_connection(connection, by=line)
        ask(connection)


@postgresql
@pytest.mark.parametrize(("has_pooler", "statements"), [(False, 1), (True, 0)])
def test_statement_is_prepared_once_unless_a_pooler_is_in_between(
    line: BaseDatabaseWrapper, has_pooler: bool, statements: int
) -> None:
    line.settings_dict["DISABLE_SERVER_SIDE_CURSORS"] = has_pooler
    ask(line)
    ask(line)
    with line.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_prepared_statements")
        assert cursor.fetchone() == (statements,)
