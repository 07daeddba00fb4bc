"""Where backups go: names of files, folders that won't do, and one backup or restore at a time."""

from __future__ import annotations

import fcntl
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from django.conf import settings
from django.core.files.storage import storages

from .manifest import site_name
from .problems import BackupProblem

SUFFIX, PARTIAL = ".tar.age", ".partial"
TIME = "%Y%m%dT%H%M%SZ"
WORK = ".backup-work"  # the folder for plain copies, next to the database
NAME = re.compile(r"aitpro-(?P<site>[a-z0-9.-]+)-(?P<time>\d{8}T\d{6}Z)\.tar\.age")


def new_file_name(now: datetime) -> str:
    return f"aitpro-{_site()}-{now.astimezone(UTC):{TIME}}{SUFFIX}"


def earlier_backups(folder: Path) -> dict[Path, datetime]:
    """This site's, with their times. What has another name is somebody else's."""
    return {path: time for path, site, time in _all_backups(folder) if site == _site()}


def backups_of_others(folder: Path) -> dict[Path, datetime]:
    return {path: time for path, site, time in _all_backups(folder) if site != _site()}


def _all_backups(folder: Path) -> Iterator[tuple[Path, str, datetime]]:
    for path in sorted(folder.iterdir()):
        found = NAME.fullmatch(path.name)
        time = _parse_time(found["time"]) if found else None
        if found and time and path.is_file() and not path.is_symlink():
            yield path, found["site"], time


def _parse_time(text: str) -> datetime | None:
    try:
        return datetime.strptime(text, TIME).replace(tzinfo=UTC)
    except ValueError:  # no such day
        return None


def left_behind(folder: Path) -> list[Path]:
    """What killed backups of this site left. What is another site's may be in the making."""
    return [
        path
        for path in folder.glob(f".aitpro-*{SUFFIX}{PARTIAL}")
        if (found := NAME.fullmatch(path.name.removeprefix(".").removesuffix(PARTIAL))) and found["site"] == _site()
    ]


def _site() -> str:
    return re.sub(r"[^a-z0-9.]+", "-", site_name().lower())


def require_suitable(folder: Path) -> Path:
    """Its real path. Raises `BackupProblem`."""
    if not folder.is_dir():
        raise BackupProblem("The target is not a folder. Create it, or mount it.")
    real = require_outside(folder)
    if not os.access(real, os.W_OK | os.X_OK):
        raise BackupProblem("The target can't be written to.")
    return real


def require_outside(folder: Path) -> Path:
    """Its real path, if it is not among the site's own files. Raises `BackupProblem`."""
    real = folder.resolve()
    if any(real.is_relative_to(own.resolve()) for own in _own_folders()):
        raise BackupProblem(
            "That folder is among the site's own files, which are lost together, or served. Choose one elsewhere, best"
            " on another machine."
        )
    return real


def _own_folders() -> list[Path]:
    static = [Path(folder) for folder in (settings.STATIC_ROOT, *settings.STATICFILES_DIRS)]
    return [Path(settings.DATA_DIR), *static, Path(settings.MEDIA_ROOT), products_folder()]


def products_folder() -> Path:
    return Path(storages["products"].path(""))


@contextmanager
def work_folder(parent: Path) -> Iterator[Path]:
    """A new private folder for plain copies, which goes with the block. Holds the lock: there is one at a time.

    A killed process leaves its folder behind; the next one removes it.
    """
    parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with _lock(parent / f"{WORK}.lock"):
        folder = parent / WORK
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(mode=0o700)
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _lock(path: Path) -> Iterator[None]:
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError:
        raise BackupProblem("Another backup or restore is running.") from None
    finally:
        os.close(handle)
