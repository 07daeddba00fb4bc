"""SQLite plans with estimates that follow from the models (ADR 99)."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

import pytest
from django.core.management import call_command
from django.db import connection, connections

from shop.models import Refund

pytestmark = [
    pytest.mark.django_db(transaction=True, databases=["default", "keystore"]),
    pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL keeps its own statistics"),
]


@pytest.fixture(autouse=True)
def _restored() -> Iterator[None]:
    yield
    call_command("migrate", verbosity=0)


def read(statement: str, alias: str = "default") -> list[str]:
    with connections[alias].cursor() as cursor:
        cursor.execute(statement)
        return [row[-1] for row in cursor.fetchall()]


def plan_of_refunds() -> str:
    """How SQLite finds the completed refunds of a payment."""
    return Refund.objects.filter(payment=UUID(int=1), state=Refund.State.COMPLETED).order_by().explain()


@pytest.mark.parametrize("alias", ["default", "keystore"])
def test_each_index_has_an_estimate(alias: str) -> None:
    indexes = set(read("SELECT name FROM sqlite_schema WHERE type = 'index'", alias))
    assert indexes
    assert indexes == set(read("SELECT idx FROM sqlite_stat1", alias))


def test_a_state_is_known_to_have_few_values_and_a_key_to_have_many() -> None:
    assert "refunds_by_state" not in plan_of_refunds()
    with connection.cursor() as cursor:
        cursor.execute("UPDATE sqlite_stat1 SET stat = '1000000 1 1' WHERE idx = 'refunds_by_state'")
        cursor.execute("ANALYZE sqlite_schema")
    assert "refunds_by_state" in plan_of_refunds()


def test_migrating_writes_the_estimates_anew() -> None:
    wanted = read("SELECT tbl || idx || stat FROM sqlite_stat1 ORDER BY 1")
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM sqlite_stat1")
    call_command("migrate", verbosity=0)
    assert read("SELECT tbl || idx || stat FROM sqlite_stat1 ORDER BY 1") == wanted
