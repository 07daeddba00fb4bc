"""EMAIL_URL becomes an entry of MAILERS, Django's setting since 6.1, whose backend takes each of its options."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pytest_django import Settings

from aitpro.environment import Environment
from privacy.mail.sending import mail_connection

URLS: dict[str, dict[str, Any]] = {
    "smtp://mail.example.com": {"host": "mail.example.com", "timeout": 20},
    "smtp+tls://me:s%40fe@mail.example.com:587": {
        "host": "mail.example.com", "port": 587, "username": "me", "password": "s@fe", "use_tls": True, "timeout": 20,
    },
    "smtp+ssl://mail.example.com:465": {"host": "mail.example.com", "port": 465, "use_ssl": True, "timeout": 20},
    "filemail:////var/mail": {"file_path": "/var/mail"},
    "memorymail://": {},
    "dummymail://": {},
}  # fmt: skip


@pytest.mark.parametrize("url", URLS)
def test_mail_server_of_the_environment_is_connected_to(
    url: str, monkeypatch: pytest.MonkeyPatch, settings: Settings, tmp_path: Path
) -> None:
    monkeypatch.setenv("EMAIL_URL", url.replace("/var/mail", str(tmp_path)))
    mailer = Environment(Path("no .env")).mailer("EMAIL_URL", default="", timeout=20)
    expected = {name: str(tmp_path) if name == "file_path" else value for name, value in URLS[url].items()}
    assert mailer["OPTIONS"] == expected
    settings.MAILERS = {"default": mailer}
    connection = mail_connection()
    assert f"{type(connection).__module__}.{type(connection).__name__}" == mailer["BACKEND"]
    assert {name: getattr(connection, name) for name in expected} == expected
