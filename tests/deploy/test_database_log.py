"""What PostgreSQL writes into its own log, set up as docs/deployment.md says, and what `check --deploy` says of it."""

from __future__ import annotations

import re
from collections.abc import Iterator

import psycopg
import pytest
import yaml
from django.db import connection

from aitpro.checks.database_log import QUIET, database_logs_no_values
from tests.production.parts import Guard
from tests.production.postgresql import PostgreSQL
from tests.running_site import ROOT, wait_for

TYPED = "dave.canary@example.org"
DOCUMENTED = re.findall(r"ALTER SYSTEM SET (\w+) = (\w+)", (ROOT / "docs" / "deployment.md").read_text())


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostgreSQL]:
    guard = Guard()
    server = PostgreSQL(tmp_path_factory.mktemp("log"), guard)
    try:
        server.start()
        yield server
    finally:
        server.stop()
        guard.dismiss()


def provoke(server: PostgreSQL) -> str:
    """A refused row, a duplicate, and a statement whose connection is ended. Returns what the log says of them."""
    log = server.data / "log"
    before = len(log.read_text())
    with psycopg.connect(server.url("aitpro"), autocommit=True, cursor_factory=psycopg.ClientCursor) as connected:
        # As Django: values are in the text of the statement.
        connected.execute("CREATE TEMPORARY TABLE visitor (email text UNIQUE, age int NOT NULL)")
        connected.execute("INSERT INTO visitor VALUES (%s, 1)", [TYPED])
        for statement in ("INSERT INTO visitor VALUES (%s, 2)", "INSERT INTO visitor VALUES (%s || 'x', NULL)"):
            with pytest.raises(psycopg.IntegrityError):
                connected.execute(statement, [TYPED])
        with pytest.raises(psycopg.OperationalError):
            connected.execute("SELECT %s, pg_terminate_backend(pg_backend_pid())", [TYPED])
    wait_for(lambda: "terminating connection" in log.read_text()[before:], "the end of the connection")
    return log.read_text()[before:]


def alter(server: PostgreSQL, statements: list[str]) -> None:
    with psycopg.connect(server.url("aitpro"), autocommit=True) as connection:
        for statement in [*statements, "SELECT pg_reload_conf()"]:
            connection.execute(statement)


def test_the_log_as_documented_has_no_value(server: PostgreSQL) -> None:
    alter(server, [f"ALTER SYSTEM RESET {name}" for name, _ in DOCUMENTED])
    wait_for(lambda: TYPED in provoke(server), "values in the log of a server that nobody has set up")
    alter(server, [f"ALTER SYSTEM SET {name} = {value}" for name, value in DOCUMENTED])
    wait_for(lambda: TYPED not in provoke(server), "a log without values")
    assert "duplicate key" in provoke(server)


def test_compose_starts_the_database_as_documented() -> None:
    service = yaml.safe_load((ROOT / "deploy" / "compose.yaml").read_text())["services"]["postgresql"]
    assert DOCUMENTED
    assert {f"{name}={value}" for name, value in DOCUMENTED} == set(service["command"]) - {"postgres", "-c"}
    assert {(name, value) for name, value in DOCUMENTED} <= {(n, v) for n, vs in QUIET.items() for v in vs}


@pytest.mark.django_db
def test_check_names_what_makes_the_log_talk() -> None:
    if connection.vendor != "postgresql":
        assert database_logs_no_values(None) == []
        return
    with connection.cursor() as cursor:
        for name, value in DOCUMENTED:
            cursor.execute(f"SET LOCAL {name} = {value}")  # the tests' role may
        assert [message.id for message in database_logs_no_values(None) if "(default)" in message.msg] == []
        cursor.execute("SET LOCAL log_min_error_statement = error")
    (said,) = (message.msg for message in database_logs_no_values(None) if "(default)" in message.msg)
    assert said.endswith(": log_min_error_statement.")
