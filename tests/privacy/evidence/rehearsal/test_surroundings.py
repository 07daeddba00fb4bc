"""The scratch copy knows what it is handed, and none of the site's secrets."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings

from privacy.evidence.rehearsal import environment as surroundings
from privacy.evidence.rehearsal.environment import KEPT_BACK, PASSED_ON, environment

SECRETS = {
    "SECRET_KEY": "site's-own-secret-key",
    "ENCRYPTION_KEYS": "site's-own-root-keys",
    "DATABASE_URL": "postgres://site:site's-own-password@db.example/aitpro",
    "KEYSTORE_URL": "postgres://site:site's-own-password@db.example/keys",
    "CACHE_URL": "redis://:site's-own-password@cache.example/0",
    "EMAIL_URL": "smtp+tls://site:site's-own-password@mail.example:587",
    "PAYPAL_MODE": "live",
    "PAYPAL_CLIENT_ID": "site's-own-client",
    "PAYPAL_CLIENT_SECRET": "site's-own-secret",
    "PAYPAL_WEBHOOK_ID": "site's-own-webhook",
    "PAYPAL_CLIENT_SECRET_FILE": "/run/secrets/site's-own",
    "ENCRYPTION_KEYS_FILE": "/run/secrets/site's-own",
    "REHEARSAL_DATABASE_URL": "postgres://site's-own@db.example/rehearsal",
    "TRAFFIC_NAMESERVER": "192.0.2.53:53",
    "AWS_SECRET_ACCESS_KEY": "site's-own-cloud",
    "DJANGO_SETTINGS_MODULE": "site's-own.settings",
}


@pytest.fixture
def handed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    for name, value in {**SECRETS, "BUSINESS_NAME": "Example, Inc.", "REFUND_DAYS": "45"}.items():
        monkeypatch.setenv(name, value)
    return environment(tmp_path, {})


def test_no_secret_of_the_site_reaches_it(handed: dict[str, str]) -> None:
    assert [name for name, value in handed.items() if "site's-own" in value or value in SECRETS.values()] == []


def test_everything_it_talks_to_is_on_this_machine(handed: dict[str, str]) -> None:
    assert handed["TRAFFIC_NAMESERVER"].startswith("127.0.0.1:")
    assert handed["PAYPAL_MODE"] == "standin"
    assert handed["EMAIL_URL"].startswith("filemail:///")


def test_scratch_copy_has_the_settings_and_host_name_of_the_site(handed: dict[str, str]) -> None:
    assert (handed["BUSINESS_NAME"], handed["REFUND_DAYS"]) == ("Example, Inc.", "45")
    assert handed["SITE_URL"] == settings.SITE_URL
    assert handed["STAFF_SECOND_FACTOR"] == str(settings.STAFF_SECOND_FACTOR)


def test_whatever_it_writes_is_in_its_folder(handed: dict[str, str], tmp_path: Path) -> None:
    folders = ("DATA_DIR", "DATABASE_URL", "KEYSTORE_URL", "EMAIL_URL", "PRODUCT_FILES_DIR", "TMPDIR")
    assert [name for name in folders if str(tmp_path) not in handed[name]] == []


def test_every_setting_is_decided() -> None:
    """A new one reaches the copy only when it was thought about."""
    source = (Path(settings.BASE_DIR) / "aitpro" / "settings.py").read_text()
    read = set(re.findall(r"env\.\w+\(\s*\"([A-Z_]+)\"", source))
    assert len(read) > 50
    own = surroundings._own(Path("/nowhere"))
    assert sorted(read - {*PASSED_ON, *KEPT_BACK, *own}) == []


def test_scratch_copy_reads_no_dotenv_file(tmp_path: Path) -> None:
    """The settings of a copy, started in a folder whose `.env` is the site's."""
    code = (
        "from pathlib import Path\n"
        "Path.is_file = lambda path: path.name == '.env'\n"
        "Path.read_text = lambda path: print('read', path) or ''\n"
        "import aitpro.settings\n"
    )
    printed = {}
    for kind in ("copy", "site"):
        handed = environment(tmp_path, {})
        if kind == "site":
            del handed["REHEARSAL"]
        done = subprocess.run(
            [sys.executable, "-c", code], cwd=settings.BASE_DIR, env=handed, capture_output=True, text=True, check=True
        )
        printed[kind] = done.stdout
    assert printed == {"copy": "", "site": f"read {Path(settings.BASE_DIR) / '.env'}\n"}


def test_no_page_imports_the_rehearsal() -> None:
    code = (
        "import sys, django\n"
        "django.setup()\n"
        "from django.urls import get_resolver\n"
        "get_resolver().url_patterns\n"
        "print([name for name in sys.modules if name.startswith(('privacy.evidence.rehearsal', 'time_machine'))"
        " or '.probes' in name])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=settings.BASE_DIR,
        env={**environment(Path("/nowhere"), {}), "DJANGO_SETTINGS_MODULE": "aitpro.settings"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "[]\n"
