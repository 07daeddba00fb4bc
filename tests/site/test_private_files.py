"""Files that an earlier version left readable for everybody are closed when a process of the site starts."""

from __future__ import annotations

import os
import subprocess
import sys
from io import StringIO
from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.core.management import call_command
from pytest_django import Settings

from aitpro.file_permissions import restrict_permissions
from tests.running_site import ROOT

pytestmark = pytest.mark.one_database


def mode(path: Path) -> str:
    return f"{path.stat().st_mode & 0o777:o}"


@pytest.fixture
def data_dir(settings: Settings, tmp_path: Path) -> Path:
    """With a database, a mail and a program in it, all of them open."""
    settings.DATA_DIR, settings.BASE_DIR = tmp_path / "data", tmp_path
    (tmp_path / "data" / "mail").mkdir(parents=True)
    for name in ("data/aitpro.sqlite3", "data/aitpro.sqlite3-wal", "data/mail/1.log", ".env"):
        (tmp_path / name).write_text("x")
        (tmp_path / name).chmod(0o644)
    (tmp_path / "data" / "run.sh").touch()
    (tmp_path / "data" / "run.sh").chmod(0o755)
    (tmp_path / "data" / "mail").chmod(0o755)
    (tmp_path / "data").chmod(0o755)
    return tmp_path / "data"


def test_open_files_are_closed_and_the_owner_keeps_every_right(data_dir: Path) -> None:
    assert restrict_permissions() == 7
    assert [mode(data_dir), mode(data_dir / "mail")] == ["700", "700"]
    assert {mode(path) for path in data_dir.rglob("*") if path.suffix in {".sqlite3", ".log"}} == {"600"}
    assert mode(data_dir / "aitpro.sqlite3-wal") == "600"
    assert mode(data_dir / "run.sh") == "700"
    assert mode(data_dir.parent / ".env") == "600"
    assert restrict_permissions() == 0


def test_a_link_that_leads_out_of_the_folder_is_not_followed(data_dir: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.touch()
    outside.chmod(0o644)
    (data_dir / "link").symlink_to(outside)
    restrict_permissions()
    assert mode(outside) == "644"


@pytest.mark.django_db
def test_housekeeping_closes_them_at_its_start(data_dir: Path) -> None:
    call_command("housekeeping", stdout=StringIO())
    assert mode(data_dir / "mail" / "1.log") == "600"


def test_uploaded_files_are_private(settings: Settings, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path
    name = storages["default"].save("banners/one.png", ContentFile(b"PNG"))
    assert (mode(tmp_path / name), mode(tmp_path / "banners")) == ("600", "700")


@pytest.mark.slow
@pytest.mark.parametrize("program", ["import aitpro.settings", "import runpy; runpy.run_path('gunicorn.conf.py')"])
def test_every_process_writes_for_its_own_user_alone(program: str, tmp_path: Path) -> None:
    """Whatever mask it was started with."""
    touch = f"{program}; open({str(tmp_path / 'written')!r}, 'w')"
    environment = {**os.environ, "DATA_DIR": str(tmp_path)}
    subprocess.run([sys.executable, "-c", touch], cwd=ROOT, env=environment, umask=0, check=True)
    assert mode(tmp_path / "written") == "600"
