"""No column of the live schema goes unclassified."""

from __future__ import annotations

import io

import pytest
from django.core.management import call_command
from django.db import connection, connections

from privacy.registry import declarations
from privacy.registry.coverage import live_columns, unclassified_columns

pytestmark = pytest.mark.django_db


def execute(sql: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql)


def test_every_column_of_the_live_schema_is_classified() -> None:
    assert list(unclassified_columns(connection)) == []


@pytest.mark.parametrize("alias", [*connections])
def test_the_live_schema_is_what_django_finds(alias: str) -> None:
    look = connections[alias].introspection
    with connections[alias].cursor() as cursor:
        found = {
            (table, column.name)
            for table in look.table_names(cursor)
            if not table.startswith("sqlite_")
            for column in look.get_table_description(cursor, table)
        }
    assert found and {*live_columns(connections[alias])} == found


def test_an_added_column_is_found() -> None:
    execute("ALTER TABLE accounts_user ADD COLUMN nickname varchar(50)")
    assert list(unclassified_columns(connection)) == ["accounts_user.nickname"]


def test_a_column_added_to_the_table_of_a_library_is_found() -> None:
    execute("ALTER TABLE django_admin_log ADD COLUMN address varchar(50)")
    assert list(unclassified_columns(connection)) == ["django_admin_log.address"]


def test_an_added_table_is_found() -> None:
    execute("CREATE TABLE newsletter (id integer PRIMARY KEY, email varchar(254))")
    assert set(unclassified_columns(connection)) == {"newsletter.id", "newsletter.email"}


@pytest.mark.usefixtures("registry_of_its_own")
def test_a_declaration_taken_away_is_found() -> None:
    del declarations._personal["contacts_reply"]
    assert "contacts_reply.body" in set(unclassified_columns(connection))


def checked() -> str:
    out = io.StringIO()
    call_command("check", databases=["default"], stderr=out, stdout=out)
    return out.getvalue()


def test_the_check_of_the_database_warns_of_it() -> None:
    assert "privacy.W020" not in checked()
    execute("ALTER TABLE accounts_user ADD COLUMN nickname varchar(50)")
    assert "(privacy.W020) accounts_user.nickname is in the database" in checked()
