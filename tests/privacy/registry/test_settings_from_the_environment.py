"""A missing or malformed variable stops the start and is named; its value is never printed."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from django.conf import settings

from privacy.encryption.keys import RootKey

pytestmark = pytest.mark.one_database

KEY = RootKey(b"test", b"k" * 32).written_out()
SOUND = {"SECRET_KEY": "only-for-tests-" + "x" * 50, "ENCRYPTION_KEYS": KEY}

# variable → values that stop the start; an empty one means that it is missing
BAD = {
    "SECRET_KEY": [""],
    "ENCRYPTION_KEYS": ["", "hunter2", "hunter22:hunter2", "74657374:aHVudGVyMg", f"{KEY},{KEY}", SOUND["SECRET_KEY"]],
    "DATABASE_URL": ["hunter2", "hunter2://user:hunter2@host/name", "postgres://user:hunter2@host:port/name"],
    "EMAIL_URL": ["hunter2", "hunter2://user:hunter2@host", "smtp://user:hunter2@host:port"],
    "MAIL_IN_URL": ["hunter2", "imaps://office:hunter2@host:port/INBOX", "pop3s://office:hunter2@host"],
    "MAIL_IN_AFTER": ["hunter2"],
    "CACHE_URL": [
        "hunter2",
        "hunter2://host",
        "redis://:hunter2@",
        "redis://host/hunter2",
        "redis://host/0?hunter2=1",
        "unix://hunter2",
    ],
    "PORT": ["hunter2", "8000.5"],
    "PAYPAL_STANDIN_PORT": ["hunter2"],
    "SITE_URL": ["hunter2", "ftp://hunter2.example", "https://hunter2.example/path"],
    "TRUSTED_PROXIES": ["hunter2", "127.0.0.1/33", "127.0.0.1,hunter2", "10.0.0.1/8"],
    "PAYPAL_MODE": ["hunter2", "Live"],
    "DEBUG": ["hunter2"],
    "AFFILIATE_COMMISSION_PERCENT": ["hunter2", "101"],
    "REFUND_DAYS": ["hunter2", "-1", "30.5"],
    "REHEARSAL_HOUR": ["hunter2", "24000", "-1"],
    "REHEARSAL_DATABASE_URL": ["hunter2://user:hunter2@host/name"],
}
CASES = [(name, value) for name, values in BAD.items() for value in values]


def start(changed: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Loads the settings as every process does, in an environment of their own."""
    environment = {"PATH": os.environ["PATH"], "DATA_DIR": "/nonexistent", **SOUND, **changed}
    return subprocess.run(
        [sys.executable, "-c", "import aitpro.settings"],
        cwd=Path(settings.BASE_DIR),
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def starts() -> dict[tuple[str, str], subprocess.CompletedProcess[str]]:
    """Every bad case started once, some at a time."""
    with ThreadPoolExecutor(4) as pool:
        return dict(zip(CASES, pool.map(lambda case: start({case[0]: case[1]}), CASES), strict=True))


Starts = dict[tuple[str, str], subprocess.CompletedProcess[str]]


@pytest.mark.slow
@pytest.mark.parametrize("case", [pytest.param(case, id=f"{case[0]} {case[1][:12]}") for case in CASES])
def test_invalid_environment_setting_stops_startup_and_is_named_without_its_value(
    case: tuple[str, str], starts: Starts
) -> None:
    name, value = case
    done = starts[case]
    assert done.returncode != 0
    reason = done.stderr.strip().splitlines()[-1]
    assert reason.startswith("django.core.exceptions.ImproperlyConfigured: ")
    assert name in reason
    assert not value or value not in done.stderr + done.stdout
    assert "hunter2" not in done.stderr + done.stdout
    assert KEY.partition(":")[2] not in done.stderr + done.stdout


@pytest.mark.slow
def test_sound_ones_start() -> None:
    changed = {
        "DATABASE_URL": "postgres://user:password@host:5432/name",
        "EMAIL_URL": "smtp+tls://user:password@host:587",
        "SITE_URL": "https://www.example.com/",
        "TRUSTED_PROXIES": "127.0.0.1/32, 10.0.0.0/8",
        "PORT": "9000",
        "DEBUG": "no",
    }
    done = start(changed)
    assert (done.returncode, done.stdout) == (0, ""), done.stderr


def test_every_variable_is_explained_in_the_example() -> None:
    explained = (Path(settings.BASE_DIR) / ".env.example").read_text()
    assert [name for name in BAD if f"{name}=" not in explained] == []
