"""Restoring a backup: open and check all of it, then product files, database, migrations and `restore_check`.

Interrupted at any point, the database is the old one, or the new one with a mark that keeps every process from
serving it (`privacy/erasure/restored.py`). Running it again works in both cases.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.db import connections
from django.db.migrations.loader import MigrationLoader

from privacy.databases.aliases import own_aliases
from privacy.encryption.keys import key_ring
from privacy.erasure.readiness import NotReady, require_ready
from privacy.keystore.models import DayKey
from privacy.keystore.router import ALIAS

from .archive import sha256_of
from .databases.main_database import MainDatabase, holds_people, main_database
from .last_backup import record_backup
from .manifest import Manifest
from .places import products_folder, work_folder
from .problems import BackupProblem
from .reading import PRODUCTS, read_backup

Say = Callable[[str], object]


def check_backup(*, path: Path, identities: list[Any], now: datetime) -> Manifest:
    """Opens all of a backup and changes nothing. Raises `BackupProblem` or `OSError`."""
    database = main_database()
    with work_folder(database.work_folder) as work:
        return _open(path, identities, work / "opened", database, now)


def restore_backup(
    *, path: Path, identities: list[Any], replace: bool, without_key_store: bool, now: datetime, say: Say
) -> Manifest:
    """Raises `BackupProblem` or `OSError`, and errors of `migrate` and `restore_check`."""
    database, timer = main_database(), _Timer(say)
    _require_free(database, replace=replace)
    with work_folder(database.work_folder) as work:
        opened = work / "opened"
        with timer.step("opened and checked"):
            manifest = _open(path, identities, opened, database, now)
            if not without_key_store:
                _require_same_key_store(manifest)
        with timer.step("product files"):
            _put_back_products(opened / PRODUCTS)
        with timer.step("database"):
            database.require_unused()
            database.replace(opened / database.file_name, restored_at=now)
    with timer.step("migrations"):
        for alias in own_aliases():
            call_command("migrate", database=alias, verbosity=0)
    with timer.step("restore_check"):
        call_command("restore_check")
    connections.close_all()
    try:
        require_ready()
    except NotReady as reason:
        raise BackupProblem(str(reason)) from None
    record_backup(at=manifest.time)
    timer.total()
    return manifest


def _require_free(database: MainDatabase, *, replace: bool) -> None:
    if holds_people(database) and not replace:
        raise BackupProblem(
            "The database is not empty, and a restore replaces all of it. Make a backup of it first if it can be read,"
            " then repeat with --replace."
        )
    database.require_unused()


def _open(path: Path, identities: list[Any], opened: Path, database: MainDatabase, now: datetime) -> Manifest:
    if not path.is_file():
        raise BackupProblem("There is no such backup file.")
    manifest = read_backup(path, identities, opened)
    if manifest.database != database.kind:
        raise BackupProblem(f"The backup is of a {manifest.database} database, and DATABASE_URL names another kind.")
    database.require_to_fit(manifest.database_version)
    _require_recent(manifest, now)
    _require_known_migrations(manifest)
    _require_root_keys(manifest)
    database.check(opened / database.file_name, manifest.tables)
    return manifest


def _require_recent(manifest: Manifest, now: datetime) -> None:
    if now - manifest.time > timedelta(days=settings.BACKUP_DAYS):
        raise BackupProblem(
            f"The backup is older than {settings.BACKUP_DAYS} days: the site no longer remembers whom it has erased"
            " since (BACKUP_DAYS). It must not be restored."
        )


def _require_known_migrations(manifest: Manifest) -> None:
    known = {f"{app}.{name}" for app, name in MigrationLoader(None).disk_migrations}
    if unknown := sorted(set(manifest.migrations) - known):
        raise BackupProblem(
            f"The backup was made by a newer version of this site: it has the migration {unknown[0]}. Install that"
            " version first."
        )


def _require_root_keys(manifest: Manifest) -> None:
    ring = {key.id.hex() for key in key_ring().keys}
    if missing := sorted(set(manifest.root_keys) - ring):
        raise BackupProblem(
            f"ENCRYPTION_KEYS lacks the key {missing[0]}, with which values in the backup are sealed. Add it after the"
            " primary one."
        )


def _require_same_key_store(manifest: Manifest) -> None:
    """Deletions and opt-outs since the backup are in the key store that it was made with, and nowhere else."""
    known = "keystore_daykey" in connections[ALIAS].introspection.table_names() and (
        not manifest.day_key or DayKey.objects.filter(key_id=bytes.fromhex(manifest.day_key)).exists()
    )
    if not known:
        raise BackupProblem(
            "The key store is not the one that this backup was made with: deletions and opt-outs since then can't be"
            " repeated from it. Set KEYSTORE_URL to the right one. If it is lost for good, repeat with"
            " --without-key-store, and then delete everyone again who was deleted since the backup."
        )


def _put_back_products(source: Path) -> None:
    """Files that are there stay if they are the same; those that the backup doesn't know stay, too."""
    root = products_folder()
    for folder, _, names in os.walk(source):
        for path in (Path(folder, name) for name in names):
            target = root / path.relative_to(source)
            if not (target.is_file() and sha256_of(target) == sha256_of(path)):
                target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                partial = target.with_name(f".{target.name}.partial")
                shutil.copyfile(path, partial)
                partial.replace(target)


class _Timer:
    """How long a restore takes, to plan by."""

    def __init__(self, say: Say) -> None:
        self._say, self._begun = say, time.monotonic()

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        begun = time.monotonic()
        yield
        self._say(f"{name}: {time.monotonic() - begun:.1f} s")

    def total(self) -> None:
        self._say(f"Restored in {time.monotonic() - self._begun:.0f} s.")
