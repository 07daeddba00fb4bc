"""How far a real replica is behind: PostgreSQL's own, that follows a server on this machine."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest
from django.db import InternalError, ProgrammingError
from django.db.utils import ConnectionHandler
from psycopg.sql import SQL
from pytest_django import DjangoDbBlocker

from aitpro.environment import Environment
from privacy.databases import replica
from tests.production.parts import Guard
from tests.production.postgresql import PostgreSQL
from tests.production.replica import Replica
from tests.running_site import wait_for

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not os.environ.get("DATABASE_URL", "").startswith("postgres"), reason="SQLite has none"),
]
EARLIER = timedelta(seconds=1)


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[PostgreSQL, Replica]]:
    folder, guard = tmp_path_factory.mktemp("servers"), Guard()
    primary = PostgreSQL(folder, guard)
    follower = Replica(folder, primary, guard)
    try:
        primary.start()
        follower.start()
        yield primary, follower
    finally:
        follower.stop()
        primary.stop()
        guard.dismiss()


@pytest.fixture
def site(
    servers: tuple[PostgreSQL, Replica],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    django_db_blocker: DjangoDbBlocker,
) -> Iterator[ConnectionHandler]:
    """The connections of a site on these servers, as its settings make them."""
    databases = {}
    for alias, url in {"default": servers[0].url("aitpro"), "replica": servers[1].url("aitpro")}.items():
        monkeypatch.setenv(f"{alias.upper()}_URL", url)
        databases[alias] = Environment(tmp_path / "none").replica(f"{alias.upper()}_URL")
    connections = ConnectionHandler(databases)
    monkeypatch.setattr(replica, "connections", connections)
    with django_db_blocker.unblock():
        yield connections
        connections.close_all()


def write(primary: PostgreSQL) -> None:
    with psycopg.connect(primary.url("aitpro")) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS written (at timestamptz)")
        connection.execute("INSERT INTO written VALUES (now())")


def is_up_to_date() -> bool:
    return replica.replica_lag() == timedelta()


def is_behind() -> bool:
    lag = replica.replica_lag()
    return lag is not None and lag > EARLIER


def test_replica_is_up_to_date_until_its_replay_stops(
    servers: tuple[PostgreSQL, Replica], site: ConnectionHandler
) -> None:
    primary, follower = servers
    write(primary)
    wait_for(is_up_to_date, "the replica")
    with psycopg.connect(follower.url("aitpro"), autocommit=True) as connection:
        connection.execute("SELECT pg_wal_replay_pause()")
        write(primary)
        wait_for(is_behind, "a lag")
        connection.execute("SELECT pg_wal_replay_resume()")
    wait_for(is_up_to_date, "the replica")


@pytest.fixture
def broken_line(servers: tuple[PostgreSQL, Replica], site: ConnectionHandler) -> Iterator[None]:
    """The replica has replayed everything that it has received, and would call itself up to date."""
    primary, follower = servers
    write(primary)
    with psycopg.connect(primary.url("aitpro"), autocommit=True) as connection:
        connection.execute("CHECKPOINT")
    wait_for(is_up_to_date, "the replica")

    def follow(address: str) -> None:
        with psycopg.connect(follower.url("aitpro"), autocommit=True) as connection:
            connection.execute(SQL("ALTER SYSTEM SET primary_conninfo = {}").format(address))
            connection.execute("SELECT pg_reload_conf()")

    with psycopg.connect(follower.url("aitpro"), autocommit=True) as connection:
        [address] = connection.execute("SHOW primary_conninfo").fetchone() or [""]
        follow("")
        wait_for(lambda: connection.execute("SELECT 1 FROM pg_stat_wal_receiver").fetchone() is None, "the break")
    yield
    follow(address)


@pytest.mark.usefixtures("broken_line")
def test_replica_that_has_lost_its_connection_is_behind(
    servers: tuple[PostgreSQL, Replica], site: ConnectionHandler
) -> None:
    write(servers[0])
    wait_for(is_behind, "a lag")


@pytest.mark.usefixtures("broken_line")
def test_replica_that_can_not_tell_how_far_it_is_behind_is_not_read(
    servers: tuple[PostgreSQL, Replica], site: ConnectionHandler
) -> None:
    """It was started again, and has replayed no commit since the checkpoint from which it started."""
    primary, follower = servers
    with psycopg.connect(follower.url("aitpro"), autocommit=True) as connection:
        connection.execute("CHECKPOINT")
    follower.stop()
    follower.start()
    site.close_all()
    wait_for(is_up_to_date, "an answer over a new connection")
    write(primary)
    with psycopg.connect(follower.url("aitpro")) as connection:
        assert connection.execute("SELECT pg_last_xact_replay_timestamp()").fetchone() == (None,)
    assert replica.replica_lag() is None


def test_main_database_is_no_replica(servers: tuple[PostgreSQL, Replica], site: ConnectionHandler) -> None:
    site.settings["replica"] = site.settings["default"]
    assert replica.replica_lag() is None


def test_replica_refuses_to_write(servers: tuple[PostgreSQL, Replica], site: ConnectionHandler) -> None:
    write(servers[0])
    wait_for(is_up_to_date, "the replica")
    with pytest.raises((InternalError, ProgrammingError)), site["replica"].cursor() as cursor:
        cursor.execute("DELETE FROM written")


def test_replica_that_is_away_is_not_read(servers: tuple[PostgreSQL, Replica], site: ConnectionHandler) -> None:
    servers[1].kill()
    assert replica.replica_lag() is None
    site.close_all()
    servers[1].start()
    wait_for(is_up_to_date, "the replica")
