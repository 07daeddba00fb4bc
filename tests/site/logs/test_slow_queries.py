"""Slow queries are logged with placeholders, never with values, and without another query."""

from __future__ import annotations

from collections.abc import Callable
from io import StringIO
from typing import Any

import pytest
from django.db import connection, connections
from django.test import Client
from pytest_django import Settings

from aitpro.logs.slow_queries import install_slow_query_log, log_slow_query, without_literals
from privacy.registry.query_purposes import check

pytestmark = pytest.mark.django_db(databases=["default", "keystore"])

CANARY = "canary7f3a"


@pytest.fixture
def all_are_slow(settings: Settings) -> None:
    settings.LOG_SLOW_QUERIES_MS = 0.000_001


def test_each_connection_has_the_log(settings: Settings) -> None:
    for alias in ("default", "keystore"):
        connections[alias].ensure_connection()
        assert connections[alias].execute_wrappers.count(log_slow_query) == 1
        install_slow_query_log(connection=connections[alias])
        assert connections[alias].execute_wrappers.count(log_slow_query) == 1


def test_whoever_opens_a_connection_within_a_wrapper_of_their_own_takes_off_neither_log_nor_check() -> None:
    opened = connections["keystore"].copy()

    def own(execute: Callable[..., Any], *query: Any) -> Any:
        return execute(*query)

    try:
        with opened.execute_wrapper(own):
            opened.connect()
            assert len(opened.execute_wrappers) == 3
        assert set(opened.execute_wrappers) == {log_slow_query, check}
    finally:
        opened.close()


@pytest.mark.usefixtures("all_are_slow")
def test_a_slow_query_is_logged_without_values(log: StringIO) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT %s, 'jane canary7f3a', 8056518516", [CANARY])
    assert "aitpro.logs.slow_queries: slow query: " in log.getvalue()
    assert "SELECT %s, ?, ?" in log.getvalue()
    assert CANARY not in log.getvalue()


@pytest.mark.usefixtures("all_are_slow")
def test_a_slow_query_names_the_route_and_the_request(client: Client, log: StringIO) -> None:
    response = client.get(f"/orders/{CANARY}/")
    lines = [line for line in log.getvalue().splitlines() if "slow query" in line]
    assert lines
    assert all(" ms in shop:order: " in line for line in lines)
    assert all(line.endswith(f" [request {response.headers['X-Request-ID']}]") for line in lines)
    assert CANARY not in log.getvalue()


def test_a_quick_query_is_not_logged(client: Client, log: StringIO, settings: Settings) -> None:
    settings.LOG_SLOW_QUERIES_MS = 600_000
    client.get("/")
    assert log.getvalue() == ""


@pytest.mark.parametrize(
    ("sql", "shown"),
    [
        ('SELECT "a_b"."c1" FROM "a_b" WHERE "d" = %s LIMIT 2', 'SELECT "a_b"."c1" FROM "a_b" WHERE "d" = %s LIMIT ?'),
        ("VALUES ('it''s jane', 12.5, x'01ab', E'\\x41')", "VALUES (?, ?, ?, ?)"),
        ("SELECT $$jane$$, $q$ja'ne$q$, T4.id", "SELECT ?, ?, T4.id"),
        ("SELECT 'never ended", "SELECT ?"),
        ("SELECT\n  1", "SELECT ?"),
    ],
)  # fmt: skip
def test_literals_are_placeholders(sql: str, shown: str) -> None:
    assert without_literals(sql) == shown
