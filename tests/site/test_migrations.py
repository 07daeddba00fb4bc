"""Migrations: complete, and independent of the application's code."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from inspect import ismodule
from pathlib import Path
from pkgutil import resolve_name

import pytest
from django.apps import apps
from django.conf import settings as site
from django.core.management import CommandError, call_command
from django.db import connection, models
from django.db.migrations.recorder import MigrationRecorder
from pytest_django import Settings

from privacy.registry import triggers
from tests.own_apps import OWN_APPS

APPS = (*OWN_APPS, "paypal_standin")
MIGRATIONS = sorted(
    path.relative_to(site.BASE_DIR) for app in APPS for path in Path(site.BASE_DIR, app).rglob("migrations/0*.py")
)


@pytest.mark.django_db(databases="__all__")
def test_no_migration_is_missing() -> None:
    call_command("makemigrations", "--check", "--dry-run", verbosity=0)


@pytest.mark.django_db
@pytest.mark.parametrize("command", ["run_demo", "migrate"])
def test_data_of_another_version_is_refused(settings: Settings, command: str) -> None:
    settings.PORT = settings.PAYPAL_STANDIN_PORT = 0  # any port that is free
    MigrationRecorder(connection).record_applied("affiliates", "0022_attributions_without_the_visit")
    with pytest.raises(CommandError, match=r"affiliates\.0022_attributions_without_the_visit[^~]* delete the folder"):
        call_command(command)


def application_names(source: str) -> Iterator[str]:
    """What a migration uses of the application, by dotted names. Modules are left out that it imports by their own."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and (node.level or str(node.module).partition(".")[0] in APPS):
            yield from (f"{node.module}.{each.name}" for each in node.names)
        elif isinstance(node, ast.Import):
            yield from (each.name for each in node.names if each.asname and each.name.partition(".")[0] in APPS)
        elif isinstance(node, ast.Attribute) and (name := ast.unparse(node)).partition(".")[0] in APPS:
            yield from [name] if not ismodule(resolve_name(name)) else []


@pytest.mark.parametrize("path", MIGRATIONS, ids=str)
def test_migration_uses_nothing_of_the_application_but_fields_and_trigger_operations(path: Path) -> None:
    for name in application_names(Path(site.BASE_DIR, path).read_text()):
        used = resolve_name(name)
        assert isinstance(used, type), f"{name} is no class"
        assert issubclass(used, models.Field) or used.__module__ == triggers.__name__, name


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("from affiliates.models import Affiliate", "affiliates.models.Affiliate"),
        ("import shop.money\nx = shop.money.program_currency()", "shop.money.program_currency"),
        ("import shop.money as money", "shop.money"),
    ],
)
def test_names_of_the_application_are_found_in_a_migration(source: str, name: str) -> None:
    assert list(application_names(source)) == [name]


def test_migrations_of_every_app_are_read() -> None:
    ours = [config for config in apps.get_app_configs() if config.name.partition(".")[0] in APPS]
    folders = {Path(config.path, "migrations") for config in ours}
    assert {site.BASE_DIR / path.parent for path in MIGRATIONS} >= {folder for folder in folders if folder.exists()}
