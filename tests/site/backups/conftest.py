"""A pair of keys as `backup --make-key` writes it, and a folder for backups."""

from __future__ import annotations

from pathlib import Path

import pytest
from pytest_django import Settings

from .commands import run


@pytest.fixture
def private_key(tmp_path: Path, settings: Settings) -> Path:
    """Its public key is the site's."""
    path = tmp_path / "private-key.txt"
    said = run("backup", "--make-key", str(path))
    settings.BACKUP_RECIPIENTS = [said.split()[0].removeprefix("BACKUP_RECIPIENTS=")]
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "backups"
    path.mkdir()
    return path
