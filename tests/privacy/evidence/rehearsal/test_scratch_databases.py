"""On a PostgreSQL server the copy has databases of its own, which go with it, and with it alone."""

from __future__ import annotations

import time
from typing import Any

import psycopg
import pytest
from django.conf import settings
from django.db import connection

from privacy.evidence.rehearsal import databases
from privacy.evidence.rehearsal.databases import LEFT_BEHIND, NoDatabase, scratch_databases

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(settings.DATABASES["default"]["ENGINE"].endswith("sqlite3"), reason="there, they are files"),
]


PREFIX = "aitpro_test_rehearsal_"


@pytest.fixture(autouse=True)
def _prefix_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """Other tests rehearse on the same server at the same time."""
    monkeypatch.setattr(databases, "PREFIX", PREFIX)


def on_the_server() -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT datname FROM pg_database WHERE starts_with(datname, %s)", [PREFIX])
        return {name for (name,) in cursor.fetchall()}


def server() -> dict[str, Any]:
    return settings.DATABASES["default"]


def name_in(url: str) -> str:
    return url.partition("?")[0].rpartition("/")[2]


def test_each_is_made_and_goes_with_the_block() -> None:
    before = on_the_server()
    with scratch_databases() as urls:
        assert {name_in(url) for url in urls.values()} == on_the_server() - before
        assert urls.keys() == {"DATABASE_URL", "KEYSTORE_URL"}
        with psycopg.connect(urls["DATABASE_URL"]) as own:
            assert own.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").fetchone() == (0,)
    assert on_the_server() == before


def test_prepared_one_is_copied_with_what_is_in_it() -> None:
    with scratch_databases() as prepared:
        with psycopg.connect(prepared["DATABASE_URL"]) as own:
            own.execute("CREATE TABLE thing (id int)")
        with scratch_databases(prepared) as urls, psycopg.connect(urls["DATABASE_URL"]) as copy:
            assert copy.execute("SELECT count(*) FROM thing").fetchone() == (0,)


def test_one_that_is_in_use_goes_too() -> None:
    before = on_the_server()
    with scratch_databases() as urls:
        used = psycopg.connect(urls["DATABASE_URL"])
    used.close()
    assert on_the_server() == before


def test_leftovers_of_a_killed_rehearsal_are_removed_after_an_hour() -> None:
    old, young = (f"{PREFIX}{int(time.time()) - age}_0000" for age in (LEFT_BEHIND + 60, 60))
    for name in (old, young):
        databases._make(server(), name, template="")
    try:
        with scratch_databases():
            assert old not in on_the_server()
            assert young in on_the_server()
    finally:
        databases._drop(server(), young)


def test_role_that_may_make_none_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    with databases._connected(server()) as maker:
        maker.execute("DROP ROLE IF EXISTS nobody_special")
        maker.execute("CREATE ROLE nobody_special LOGIN PASSWORD 'secret'")
    try:
        poor = {**server(), "USER": "nobody_special", "PASSWORD": "secret"}
        monkeypatch.setattr(settings, "REHEARSAL_DATABASE", poor)
        with pytest.raises(NoDatabase, match="may not create databases"), scratch_databases():
            pass
    finally:
        with databases._connected(server()) as maker:
            maker.execute("DROP ROLE nobody_special")
