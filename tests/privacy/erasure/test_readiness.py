"""The site does not start on databases that must not serve, and says why."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings
from django.db import OperationalError

from privacy.encryption.keys import RootKey
from privacy.erasure import readiness
from privacy.keystore.models import DayKey

pytestmark = pytest.mark.django_db


def run(folder: Path, *arguments: str, **further: str) -> subprocess.CompletedProcess[str]:
    databases = {f"{name}_URL": f"sqlite:///{folder}/{name}.sqlite3" for name in ("DATABASE", "KEYSTORE")}
    environment = {**os.environ, **databases, "DATA_DIR": str(folder), "DJANGO_SETTINGS_MODULE": "aitpro.settings"}
    environment |= further
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=settings.BASE_DIR,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def migrate(folder: Path) -> None:
    for database in ("default", "keystore"):
        run(folder, "manage.py", "migrate", f"--database={database}", "-v0").check_returncode()


@pytest.mark.slow
def test_the_site_starts_on_sound_databases_and_on_no_others(tmp_path: Path) -> None:
    migrate(tmp_path)
    assert run(tmp_path, "-c", "import aitpro.wsgi").returncode == 0
    other = {"ENCRYPTION_KEYS": RootKey(b"else", b"e" * 32).written_out()}  # as after a restore on a new machine
    for program in (
        ["-c", "import aitpro.wsgi"],
        ["manage.py", "db_worker", "--batch"],
        ["manage.py", "createsuperuser"],
    ):
        refused = run(tmp_path, *program, **other)
        assert refused.returncode != 0
        assert "ENCRYPTION_KEYS: The key 74657374 is missing" in refused.stderr
    store = tmp_path / "KEYSTORE.sqlite3"
    for suffix in ("", "-wal", "-shm"):
        Path(f"{store}{suffix}").unlink(missing_ok=True)
    started = run(tmp_path, "-c", "import aitpro.wsgi")
    assert started.returncode != 0
    assert "aitpro.wsgi: The database keystore lacks " in started.stderr
    assert "`manage.py migrate --database keystore`" in started.stderr
    store.write_bytes(b"this is no database, " * 500)
    started = run(tmp_path, "-c", "import aitpro.wsgi")
    assert "aitpro.wsgi: The databases can't be used (DatabaseError: file is not a database)" in started.stderr
    assert "file is not a database" in run(tmp_path, "manage.py", "db_worker", "--batch").stderr
    assert "file is not a database" in run(tmp_path, "manage.py", "housekeeping").stderr


def test_a_key_that_does_not_unwrap_stops_the_start(clock: object) -> None:
    from django.utils import timezone

    now = timezone.now()
    DayKey.objects.create(day=now.date(), key_id=b"oops", wrapped=b"\x01damaged" * 9, minted_at=now)
    with pytest.raises(readiness.NotReady, match="Check KEYSTORE_URL"):
        readiness.require_ready()


@pytest.mark.parametrize(
    ("said", "refused"),
    [
        ("connection refused", False),
        ("FATAL:  the database system is starting up", False),
        ("FATAL:  sorry, too many clients already", False),
        ('FATAL:  password authentication failed for user "aitpro"', True),
        ('FATAL:  database "aitpr" does not exist', True),
    ],
)
def test_a_start_waits_for_a_database_but_not_for_a_correction_of_its_address(
    monkeypatch: pytest.MonkeyPatch, said: str, refused: bool
) -> None:
    def fail() -> None:
        raise OperationalError(said)

    monkeypatch.setattr(readiness, "check_key_store", fail)
    with pytest.raises(readiness.NotReady if refused else OperationalError, match=said):
        readiness.require_ready()
