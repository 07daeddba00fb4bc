"""The numbered checks of ENCRYPTION_KEYS, and keys from a file."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings as project
from django.core.checks import run_checks
from pytest_django import Settings

from privacy.encryption.keys import RootKey

KEY = RootKey(b"test", b"k" * 32)
SHORT = "74657374:c2hvcnQ"


@pytest.mark.parametrize(
    ("keys", "number"),
    [
        ("", "privacy.E020"),
        ("nonsense", "privacy.E021"),
        (SHORT, "privacy.E021"),
        (f"{KEY.written_out()},{KEY.written_out()}", "privacy.E022"),
        (f"{KEY.written_out()},{RootKey(b'else', KEY.secret).written_out()}", "privacy.E022"),
    ],
)
def test_each_weakness_of_the_keys_has_its_number(settings: Settings, keys: str, number: str) -> None:
    settings.ENCRYPTION_KEYS = keys
    assert [error.id for error in run_checks(tags=["security"]) if str(error.id).startswith("privacy.")] == [number]


def test_a_key_must_not_be_the_secret_key(settings: Settings) -> None:
    settings.ENCRYPTION_KEYS, settings.SECRET_KEY = KEY.written_out(), "x" * 40 + KEY.written_out().partition(":")[2]
    assert "privacy.E023" in {error.id for error in run_checks(tags=["security"])}


def test_sound_keys_pass(settings: Settings) -> None:
    settings.ENCRYPTION_KEYS = f"{KEY.written_out()},{RootKey(b'else', b'e' * 32).written_out()}"
    assert not [error for error in run_checks(tags=["security"]) if str(error.id).startswith("privacy.")]


def start(**variables: str) -> subprocess.CompletedProcess[str]:
    environment = {
        "PATH": os.environ["PATH"],
        "DATA_DIR": "/nonexistent",
        "SECRET_KEY": "x" * 60,
        "ENCRYPTION_KEYS": "",
        **variables,
    }
    return subprocess.run(
        [sys.executable, "-c", "import aitpro.settings as s; print(s.ENCRYPTION_KEYS)"],
        cwd=Path(project.BASE_DIR),
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_keys_can_come_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "keys"
    file.write_text(f"{KEY.written_out()}\n")
    assert start(ENCRYPTION_KEYS_FILE=str(file)).stdout.strip() == KEY.written_out()


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    started = start(ENCRYPTION_KEYS_FILE=str(tmp_path / "missing"))
    assert started.returncode == 1
    assert "ENCRYPTION_KEYS_FILE names a file that can't be read" in started.stderr
