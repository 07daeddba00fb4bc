"""`manage.py upgrade`: what it refuses before anything changes, and that it can be run again at any time."""

from __future__ import annotations

from collections.abc import Callable
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from django.utils import timezone
from pytest_django import Settings

from privacy.erasure.restored import RESTORED
from privacy.models import Heartbeat

pytestmark = pytest.mark.django_db(databases="__all__")


@pytest.fixture
def upgrade(settings: Settings, tmp_path: Path) -> Callable[..., str]:
    settings.STATIC_ROOT = str(tmp_path / "static")
    settings.DISK_FREE_MB = 0

    def run(*arguments: str) -> str:
        call_command("upgrade", *arguments, stdout=(said := StringIO()), stderr=StringIO())
        return said.getvalue()

    return run


@pytest.fixture
def recorder() -> MigrationRecorder:
    return MigrationRecorder(connection)


def test_nothing_is_upgraded_without_a_word_about_the_backup(upgrade: Callable[..., str]) -> None:
    with pytest.raises(CommandError, match="--backup-to DIR, or --without-backup"):
        upgrade()


def test_second_run_changes_nothing_and_names_the_next_command(upgrade: Callable[..., str], tmp_path: Path) -> None:
    for said in (upgrade("--without-backup"), upgrade("--without-backup")):
        assert "default: all are applied." in said
        assert "keystore: all are applied." in said
        assert "None is made, as you said." in said
        assert "systemctl restart aitpro-web@1" in said
    assert list((tmp_path / "static").rglob("*.css"))


def test_restored_database_is_not_upgraded_before_its_check(upgrade: Callable[..., str]) -> None:
    Heartbeat.objects.create(name=RESTORED, at=timezone.now())
    with pytest.raises(CommandError, match="restore_check"):
        upgrade("--without-backup")


def test_full_disk_stops_the_upgrade(upgrade: Callable[..., str], settings: Settings) -> None:
    settings.DISK_FREE_MB = 10**12
    with pytest.raises(CommandError, match="nearly full"):
        upgrade("--without-backup")


def test_error_of_the_checks_stops_the_upgrade(upgrade: Callable[..., str], settings: Settings) -> None:
    settings.LANGUAGE_CODE = "no language"
    with pytest.raises(CommandError, match="LANGUAGE_CODE"):
        upgrade("--without-backup")


def test_migration_that_is_unsafe_under_traffic_is_refused(
    upgrade: Callable[..., str], recorder: MigrationRecorder
) -> None:
    recorder.record_unapplied("shop", "0002_triggers")
    with pytest.raises(CommandError, match="--maintenance"):
        upgrade("--without-backup")
    assert ("shop", "0002_triggers") not in recorder.applied_migrations()
    assert "Unsafe while the site serves: shop.0002_triggers" in upgrade("--look", "--maintenance")


def test_database_of_a_newer_version_is_left_as_it_is(upgrade: Callable[..., str], recorder: MigrationRecorder) -> None:
    recorder.record_applied("shop", "9999_next_release")
    said = upgrade("--without-backup")
    assert "default: from a newer version, which this one can use as it is." in said
    assert "default: left as it is." in said


def test_failed_restart_is_told(upgrade: Callable[..., str]) -> None:
    with pytest.raises(CommandError, match="the restart failed with 3"):
        upgrade("--without-backup", "--reload-with", "exit 3")
