"""Making a backup: copy, check, encrypt, read back, and only then call it one."""

from __future__ import annotations

import io
import os
import shutil
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings

from privacy.keystore.clock import clock_jump

from .archive import HashedFile, parse_recipients, sealed_archive, sha256_of
from .databases.main_database import KEY_STORE_TABLES, DatabaseContent, MainDatabase, main_database
from .last_backup import record_backup
from .manifest import Manifest, StoredFile, authenticate, manifest_of
from .places import (
    PARTIAL,
    backups_of_others,
    earlier_backups,
    left_behind,
    new_file_name,
    products_folder,
    require_suitable,
    work_folder,
)
from .problems import BackupProblem
from .reading import AUTHENTICATION, MANIFEST, PRODUCTS, read_backup


@dataclass(frozen=True)
class FinishedBackup:
    path: Path
    size: int  # bytes
    manifest: Manifest
    deleted: list[str]  # names of earlier backups
    notes: list[str]  # what the operator should know


def make_backup(
    *, folder: Path, recipients: list[str], keep_days: int, identities: list[Any], now: datetime
) -> FinishedBackup:
    """Writes a new backup and deletes this site's older ones in that folder. With private keys it is opened once.

    Raises `BackupProblem` or `OSError`; then nothing is left of it, and no other backup was deleted.
    """
    if not 1 <= keep_days <= settings.BACKUP_DAYS:
        raise BackupProblem(
            f"Backups are kept for 1 to {settings.BACKUP_DAYS} days (BACKUP_DAYS), as long as erased people are known."
        )
    target, keys, database = require_suitable(folder), parse_recipients(recipients), main_database()
    with work_folder(database.work_folder) as work:
        for unfinished in left_behind(target):
            unfinished.unlink(missing_ok=True)
        manifest, dump = _copy(database, work, now)
        path = _write(target / new_file_name(now), manifest, dump, keys)
        if identities:
            _open_once(path, identities, work, database)
    record_backup(at=now)
    deleted, notes = _delete_old(target, path, keep_days, now)
    return FinishedBackup(path, path.stat().st_size, manifest, deleted, notes)


def _copy(database: MainDatabase, work: Path, now: datetime) -> tuple[Manifest, Path]:
    dump = work / database.file_name
    content = database.dump(dump)
    _require_no_key_store(content)
    database.check(dump, content.tables)
    files = {database.file_name: _stored(dump)}
    files |= {f"{PRODUCTS}{name}": _stored(path) for name, path in _product_files()}
    return manifest_of(database, content, files, made_at=now), dump


def _require_no_key_store(content: DatabaseContent) -> None:
    if any(table.startswith(KEY_STORE_TABLES) for table in content.tables):
        raise BackupProblem(
            "The key store is in the main database: a backup would keep the keys that the site destroys after 30 days."
            " Give KEYSTORE_URL a database of its own."
        )


def _stored(path: Path) -> StoredFile:
    return StoredFile(path.stat().st_size, sha256_of(path))


def _product_files() -> Iterator[tuple[str, Path]]:
    """Later than the database's copy, so that no release that it knows is missing."""
    root = products_folder()
    for folder, _, names in os.walk(root):
        for path in sorted(Path(folder, name) for name in names):
            if path.is_file() and not path.is_symlink():
                yield str(path.relative_to(root)), path


def _write(path: Path, manifest: Manifest, dump: Path, keys: list[Any]) -> Path:
    if path.exists():
        raise BackupProblem("There is a backup of this second already.")
    partial = path.with_name(f".{path.name}{PARTIAL}")
    try:
        with partial.open("xb") as file:
            sealed = HashedFile(file)
            with sealed_archive(sealed, keys) as tar:
                _add_all(tar, manifest, dump)
            file.flush()
            os.fsync(file.fileno())
        if sha256_of(partial) != sealed.digest.hexdigest():
            raise BackupProblem("The backup reads back differently from what was written: the disk may be failing.")
        partial.rename(path)
        with _opened(path.parent) as handle:
            os.fsync(handle)
    finally:
        partial.unlink(missing_ok=True)
    return path


@contextmanager
def _opened(folder: Path) -> Iterator[int]:
    handle = os.open(folder, os.O_RDONLY)
    try:
        yield handle
    finally:
        os.close(handle)


def _add_all(tar: tarfile.TarFile, manifest: Manifest, dump: Path) -> None:
    text = manifest.to_json()
    for name, content in {MANIFEST: text, AUTHENTICATION: authenticate(text)}.items():
        tar.addfile(_entry(name, len(content), manifest.time), io.BytesIO(content))
    root = products_folder()
    for name, stored in manifest.files.items():
        path = root / name.removeprefix(PRODUCTS) if name.startswith(PRODUCTS) else dump
        with path.open("rb") as file:
            tar.addfile(_entry(name, stored.size, manifest.time), file)


def _entry(name: str, size: int, made_at: datetime) -> tarfile.TarInfo:
    """Without the names of users and groups of this machine."""
    entry = tarfile.TarInfo(name)
    entry.size, entry.mtime, entry.mode = size, int(made_at.timestamp()), 0o600
    return entry


def _open_once(path: Path, identities: list[Any], work: Path, database: MainDatabase) -> None:
    """A backup that can't be opened is none."""
    opened = work / "opened"
    try:
        manifest = read_backup(path, identities, opened)
        database.check(opened / database.file_name, manifest.tables)
    except BackupProblem:
        path.unlink()
        raise
    shutil.rmtree(opened)


def _delete_old(folder: Path, newest: Path, keep_days: int, now: datetime) -> tuple[list[str], list[str]]:
    """By the times in their names. A wrong clock deletes nothing."""
    if jump := clock_jump(now=now):
        return [], [f"No earlier backup was deleted: {jump}."]
    old = [p for p, time in earlier_backups(folder).items() if p != newest and time < now - timedelta(days=keep_days)]
    for path in old:
        path.unlink(missing_ok=True)
    limit = now - timedelta(days=settings.BACKUP_DAYS)
    others = [path.name for path, time in backups_of_others(folder).items() if time < limit]
    note = f"{len(others)} backups of another site are older than {settings.BACKUP_DAYS} days: delete them if yours."
    return [path.name for path in old], [note] if others else []
