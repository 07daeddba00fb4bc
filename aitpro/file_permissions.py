"""Restricts the site's files to its own user."""

from __future__ import annotations

import logging
import os
import stat
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings

logger = logging.getLogger(__name__)
OTHERS = stat.S_IRWXG | stat.S_IRWXO


def restrict_permissions() -> int:
    """Removes group and other permissions from files in `DATA_DIR`, from databases elsewhere, and from `.env`.

    Called when a process of the site starts; new files are closed by the umask in `aitpro/settings.py`. Returns how
    many were open. What belongs to somebody else is named in the log.
    """
    return sum(_close(path) for path in _files())


def _files() -> Iterator[Path]:
    for folder, _, names in os.walk(settings.DATA_DIR):  # skips files that disappear meanwhile
        yield Path(folder)
        yield from (Path(folder, name) for name in names)
    for database in settings.DATABASES.values():
        if database["ENGINE"].endswith("sqlite3"):
            yield from (Path(f"{database['NAME']}{suffix}") for suffix in ("", "-wal", "-shm", "-journal"))
    yield Path(settings.BASE_DIR) / ".env"


def _close(path: Path) -> bool:
    try:
        mode = os.lstat(path).st_mode
        if stat.S_ISLNK(mode) or not mode & OTHERS:
            return False
        path.chmod(stat.S_IMODE(mode) & ~OTHERS)
    except FileNotFoundError:  # removed meanwhile, or never there
        return False
    except PermissionError:
        logger.warning("%s can be read by others, and belongs to another user: close it", path)
        return False
    return True
