"""Triggers: each that a model lists exists, and a migration that loses one fails."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import suppress
from importlib import import_module
from typing import Any

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command
from django.db import OperationalError, connection, connections, models, router, transaction
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from affiliates.models import Attribution
from privacy.policy.models import PolicyVersion
from privacy.registry.triggers import RemoveTriggers, check_triggers, existing_triggers, missing_triggers
from tests.privacy.audit.guards import drop_trigger

POSTGRESQL = "connection.vendor != 'sqlite'"


def listed(alias: str) -> set[tuple[str, str]]:
    """Table and trigger, as the models list them."""
    on_sqlite = connections[alias].vendor == "sqlite"
    triggers = set()
    for model in apps.get_models():
        if router.allow_migrate_model(alias, model):
            names = set(getattr(model, "database_triggers", ()))
            names -= set() if on_sqlite else {"no_replace"}
            names |= {"no_truncate"} if "no_delete" in names and not on_sqlite else set()
            triggers |= {(model._meta.db_table, f"{model._meta.db_table}_{name}") for name in names}
    return triggers


@pytest.mark.django_db
@pytest.mark.parametrize("alias", ["default", "keystore"])
def test_database_has_the_listed_triggers_and_no_others(alias: str) -> None:
    assert existing_triggers(connections[alias]) == listed(alias)


@pytest.mark.django_db
def test_migrating_fails_when_a_listed_trigger_is_missing() -> None:
    drop_trigger("affiliates_commission", "no_delete")
    with pytest.raises(CommandError, match=r"'default' has lost triggers: affiliates_commission_no_delete\."):
        call_command("migrate", verbosity=0)


@pytest.mark.django_db
def test_migrating_fails_when_the_keystore_lacks_a_trigger() -> None:
    with connections["keystore"].cursor() as cursor:
        on = "" if connections["keystore"].vendor == "sqlite" else " ON keystore_daykey"
        cursor.execute(f"DROP TRIGGER keystore_daykey_no_update{on}")
    with pytest.raises(CommandError, match=r"'keystore' has lost triggers: keystore_daykey_no_update\."):
        call_command("migrate", database="keystore", verbosity=0)


@pytest.mark.skipif("connection.vendor == 'sqlite'", reason="SQLite can't switch a trigger off")
@pytest.mark.django_db
def test_migrating_fails_when_a_trigger_is_switched_off() -> None:
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE policy_policyversion DISABLE TRIGGER policy_policyversion_no_update")
    with pytest.raises(CommandError, match="policy_policyversion_no_update"):
        call_command("migrate", verbosity=0)


class _Undone(Exception):
    """Ends a transaction without its changes."""


@pytest.fixture
def schema_editor(transactional_db: None) -> Iterator[BaseDatabaseSchemaEditor]:
    """As a migration has it. What it changes is undone behind the test."""
    with suppress(_Undone), connection.schema_editor() as editor:
        yield editor
        raise _Undone


def alter(editor: BaseDatabaseSchemaEditor, model: type[models.Model], name: str) -> None:
    """What AlterField does."""
    before: Any = model._meta.get_field(name)
    after = before.clone()
    after.max_length += 1
    after.set_attributes_from_name(name)
    after.model = model
    editor.alter_field(model, before, after)


@pytest.mark.skipif(POSTGRESQL, reason="PostgreSQL alters a table in place")
def test_altering_a_table_on_sqlite_loses_its_triggers_and_the_check_says_so(schema_editor: Any) -> None:
    alter(schema_editor, PolicyVersion, "registry_hash")
    with pytest.raises(CommandError, match="policyversion_no_insert, .*version_no_update, .*version_no_delete"):
        check_triggers(using="default")


@pytest.mark.skipif(POSTGRESQL, reason="PostgreSQL alters a table in place")
def test_triggers_that_a_migration_ensures_again_are_found(schema_editor: Any) -> None:
    alter(schema_editor, PolicyVersion, "registry_hash")
    for operation in import_module("privacy.policy.migrations.0002_triggers").Migration.operations:
        operation.database_forwards("policy", schema_editor, None, None)
    check_triggers(using="default")


@pytest.mark.skipif(POSTGRESQL, reason="PostgreSQL alters a table in place")
def test_sqlite_refuses_to_alter_a_table_that_triggers_of_other_tables_read(schema_editor: Any) -> None:
    with pytest.raises(OperationalError, match="error in trigger"), transaction.atomic():
        alter(schema_editor, Attribution, "terms_version")


@pytest.mark.skipif(POSTGRESQL, reason="PostgreSQL alters a table in place")
def test_a_table_that_triggers_of_other_tables_read_is_altered_without_them(schema_editor: Any) -> None:
    for removal in (
        RemoveTriggers("affiliates_commission", "no_update", "insert_balance_delta", "update_balance_delta"),
        RemoveTriggers("affiliates_ratestep", "no_insert"),
    ):
        removal.database_forwards("affiliates", schema_editor, None, None)
    alter(schema_editor, Attribution, "terms_version")
    for operation in import_module("affiliates.migrations.0002_triggers").Migration.operations:
        operation.database_forwards("affiliates", schema_editor, None, None)
    check_triggers(using="default")


@pytest.mark.django_db(transaction=True)
def test_apps_whose_migrations_are_not_finished_are_not_checked() -> None:
    try:
        call_command("migrate", "policy", "0001", verbosity=0)
        assert missing_triggers(connection, [PolicyVersion]) != []
    finally:
        call_command("migrate", "policy", verbosity=0)
    assert missing_triggers(connection, [PolicyVersion]) == []


@pytest.mark.django_db(transaction=True)
def test_sqlmigrate_prints_sql_that_creates_lost_triggers_again(capsys: pytest.CaptureFixture[str]) -> None:
    drop_trigger("disclosure_disclosure", "no_update")
    call_command("sqlmigrate", "disclosure", "0002")
    script = capsys.readouterr().out.removeprefix("BEGIN;\n").removesuffix("COMMIT;\n")
    with connection.cursor() as cursor:
        for statement in sqlite_statements(script) if connection.vendor == "sqlite" else [script]:
            cursor.execute(statement)
    check_triggers(using="default")


def sqlite_statements(script: str) -> Iterator[str]:
    """SQLite takes one at a time."""
    statement = ""
    for line in script.splitlines():
        statement += f"{line}\n"
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
