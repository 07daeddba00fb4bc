"""The operator's commands: export_person, erase_person, purge_expired, generate_key."""

from __future__ import annotations

import io
import json
import os
import stat
import subprocess
import sys
import zipfile
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from django.conf import settings
from django.core.management import CommandError, call_command

from affiliates.models import Affiliate, Click
from privacy.encryption.keys import RootKey
from tests import factories

from .conftest import ERIN
from .world import KEPT, rows_about


def run(name: str, *arguments: str) -> str:
    out = io.StringIO()
    call_command(name, *arguments, stdout=out)
    return out.getvalue()


@pytest.mark.django_db
def test_export_person_writes_an_archive_for_its_owner_only(erin_and_frank: None, tmp_path: Path) -> None:
    out = tmp_path / "erin.zip"
    said = run("export_person", "ERIN@example.org", "--out", str(out))
    assert "Your orders: 1\n" in said
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    data = json.loads(zipfile.ZipFile(out).read("data.json"))
    stored = rows_about(ERIN)
    assert stored.pop("Backup copies of do-not-contact entries") == stored["Do-not-contact entries"]
    assert {section["what"]: len(section["rows"]) for section in data["sections"]} == stored


@pytest.mark.django_db
def test_export_person_says_when_there_is_nothing(tmp_path: Path) -> None:
    assert "Nothing is stored" in run("export_person", "nobody@example.org", "--out", str(tmp_path / "nobody.zip"))


@pytest.mark.django_db
def test_export_person_writes_over_no_other_file(tmp_path: Path) -> None:
    out = tmp_path / "erin.zip"
    out.write_text("Frank's")
    with pytest.raises(CommandError, match="can't be written: File exists"):
        run("export_person", ERIN, "--out", str(out))
    assert out.read_text() == "Frank's"
    with pytest.raises(CommandError, match="No such file"):
        run("export_person", ERIN, "--out", str(tmp_path / "nowhere" / "erin.zip"))


@pytest.mark.django_db
def test_erase_person_prints_what_was_done(erin_and_frank: None) -> None:
    said = run("erase_person", ERIN)
    assert "Your messages to us: 1 deleted\n" in said
    assert "Do-not-contact entries: 3 kept, because" in said
    assert set(rows_about(ERIN)) == KEPT
    assert run("erase_person", "nobody@example.org") == "Nothing is stored about this address.\n"


@pytest.mark.django_db
def test_purge_expired_prints_what_went(alice: Affiliate, clock: time_machine.Traveller) -> None:
    factories.click(alice)
    assert run("purge_expired") == "Nothing was due.\n"
    clock.shift(timedelta(days=30))
    assert run("purge_expired") == "Your visit through an affiliate's link: 1\n"
    assert not Click.objects.exists()


def test_generate_key_works_before_there_are_any_settings(tmp_path: Path) -> None:
    environment = {"PATH": os.environ["PATH"], "SECRET_KEY": "", "ENCRYPTION_KEYS": "", "DATABASE_URL": "nonsense"}
    keys = [
        subprocess.run(
            [sys.executable, str(settings.BASE_DIR / "manage.py"), "generate_key"],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for _ in range(2)
    ]
    assert keys[0] != keys[1]
    for key in keys:
        assert len(RootKey.parse(key).secret) == 32
        assert key.count("\n") == 1
