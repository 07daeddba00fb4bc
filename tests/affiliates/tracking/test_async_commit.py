"""A click does not wait for the disk; later statements on the same connection do."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.utils import timezone

from affiliates.models import REFERRAL_LIFE, Affiliate, Click
from affiliates.models.async_commit import insert_asynchronously

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "keystore"])

WAITS, HASTY = {"sqlite": ("2", "1"), "postgresql": ("on", "off")}.get(connection.vendor, ("", ""))


def _commits() -> str:
    """How the connection would commit now."""
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA synchronous" if connection.vendor == "sqlite" else "SHOW synchronous_commit")
        return str(cursor.fetchone()[0])


@pytest.fixture
def seen() -> list[str]:
    return []


@pytest.fixture
def watching(seen: list[str]) -> AbstractContextManager[None]:
    """Writes into `seen` how clicks are committed, as they are inserted."""

    def watch(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
        if "INSERT INTO affiliates_click" not in sql:
            return execute(sql, params, many, context)
        if connection.vendor == "sqlite":
            seen.append(_commits())
        else:
            seen.append("off" if "set_config('synchronous_commit', 'off', true)" in sql else "on")
        return execute(sql, params, many, context)

    return connection.execute_wrapper(watch)


@pytest.mark.usefixtures("alice")
def test_click_commits_asynchronously_and_next_order_synchronously(
    client: Client, seen: list[str], watching: AbstractContextManager[None]
) -> None:
    with watching:
        client.get("/go/DEMO/")
    assert Click.objects.count() == 1
    assert seen == [HASTY]
    assert _commits() == WAITS


@pytest.mark.usefixtures("alice")
def test_enclosing_transaction_decides_commit_mode(
    client: Client, seen: list[str], watching: AbstractContextManager[None]
) -> None:
    with watching, transaction.atomic():
        client.get("/go/DEMO/")
        assert _commits() == WAITS
    assert Click.objects.count() == 1
    assert seen == [WAITS]


def test_row_that_is_inserted_twice_is_one_row(alice: Affiliate) -> None:
    """After a connection broke, nobody knows whether its last statement was committed."""
    click = Click(affiliate=alice, landing_path="/", expires_at=timezone.now() + REFERRAL_LIFE)
    click.insert()
    click.insert()
    assert Click.objects.count() == 1


def test_failed_statement_restores_commit_mode(alice: Affiliate) -> None:
    with pytest.raises(DatabaseError):
        insert_asynchronously("affiliates_click", ["id"], [alice.pk.hex])
    assert _commits() == WAITS
    assert not Click.objects.exists()


@pytest.mark.skipif(connection.vendor != "postgresql", reason="asks PostgreSQL")
def test_setting_ends_with_the_statement() -> None:
    with connection.cursor() as cursor:
        setting = "setting text DEFAULT current_setting('synchronous_commit')"
        cursor.execute(f"CREATE TABLE how_it_commits (id text PRIMARY KEY, {setting})")
        try:
            insert_asynchronously("how_it_commits", ["id"], ["hasty"])
            cursor.execute("INSERT INTO how_it_commits (id) VALUES ('waiting')")
            cursor.execute("SELECT id, setting FROM how_it_commits ORDER BY id")
            assert cursor.fetchall() == [("hasty", "off"), ("waiting", "on")]
        finally:
            cursor.execute("DROP TABLE how_it_commits")
