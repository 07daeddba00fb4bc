"""`/mail/` shows the demo's sent mail, and exists nowhere else."""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings as project_settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.test import Client
from django.urls import clear_url_caches
from pytest_django import Settings

import aitpro.urls
from aitpro.checks.production import sent_mail_is_not_shown

pytestmark = pytest.mark.django_db

FILES = "django.core.mail.backends.filebased.EmailBackend"
SECRET = "http://127.0.0.1:8000/orders/secret/"


@pytest.fixture
def folder(tmp_path: Path, settings: Settings) -> Iterator[Path]:
    """The demo's folder of sent mail, with its addresses in the URL configuration."""
    settings.MAIL_PREVIEW = True
    settings.MAILERS = {"default": {"BACKEND": FILES, "OPTIONS": {"file_path": str(tmp_path / "mail")}}}
    (tmp_path / "mail").mkdir()
    (tmp_path / "secret.log").write_bytes(b"Subject: hidden\n\nhidden\n" + b"-" * 79 + b"\n")
    importlib.reload(aitpro.urls)
    clear_url_caches()
    yield tmp_path / "mail"
    settings.MAIL_PREVIEW = False
    importlib.reload(aitpro.urls)
    clear_url_caches()


def send(folder: Path, subject: str, *, html: str = "", to: str = "dave@example.org") -> None:
    message = EmailMultiAlternatives(subject, f"Text: {SECRET}", to=[to], headers={"Message-ID": "<1@example.org>"})
    message.attach_alternative(
        html or f'<html><head></head><body><a href="{SECRET}">Order</a></body></html>', "text/html"
    )
    get_connection(FILES, file_path=str(folder)).send_messages([message])


def numbers(client: Client) -> list[str]:
    return [mail.number for mail in client.get("/mail/").context["mails"]]


def test_list_shows_newest_mail_first(client: Client, folder: Path) -> None:
    for position, subject in enumerate(("First", "Second")):
        send(folder, subject)
        for file in folder.glob("*.log"):
            if subject.encode() in file.read_bytes():
                os.utime(file, (position, position))
    page = client.get("/mail/").content.decode()
    assert page.index("Second") < page.index("First")
    assert "dave@example.org" in page


def test_empty_folder_leads_on(client: Client, folder: Path) -> None:
    folder.rmdir()
    assert "No email has been sent yet" in client.get("/mail/").content.decode()


def test_mail_is_shown_as_html_text_and_headers(client: Client, folder: Path) -> None:
    send(folder, "Größe & <b>")
    [number] = numbers(client)
    page = client.get(f"/mail/{number}/").content.decode()
    assert "<h1>Größe &amp; &lt;b&gt;</h1>" in page
    assert f"Text: {SECRET}" in page
    assert "&lt;1@example.org&gt;" in page
    assert f'src="/mail/{number}/html/"' in page


def test_html_part_is_sandboxed_and_loads_nothing(client: Client, folder: Path) -> None:
    send(folder, "Hostile", html="<html><head></head><body><script>alert(1)</script></body></html>")
    [number] = numbers(client)
    response = client.get(f"/mail/{number}/html/")
    policy = response["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "sandbox allow-popups allow-popups-to-escape-sandbox" in policy
    assert "frame-ancestors 'self'" in policy
    assert "script-src" not in policy
    assert response["X-Frame-Options"] == "SAMEORIGIN"
    assert b'<base target="_blank">' in response.content


@pytest.mark.parametrize("number", ["unknown-0", "secret-0", "..%2Fsecret-0", "%2e%2e/secret-0"])
def test_number_of_no_mail_is_not_found(client: Client, folder: Path, number: str) -> None:
    send(folder, "First")
    for address in (f"/mail/{number}/", f"/mail/{number}/html/"):
        assert client.get(address).status_code == 404


def test_mail_that_is_being_written_is_left_out(client: Client, folder: Path) -> None:
    (folder / "half.log").write_bytes(b"Subject: half\n\nhal")
    assert numbers(client) == []


def test_demo_links_to_it_from_every_footer(client: Client, folder: Path) -> None:
    assert 'href="/mail/"' in client.get("/services/").content.decode()
    assert [error.id for error in sent_mail_is_not_shown(None)] == ["aitpro.E001"]


def test_it_does_not_exist_outside_the_demo(client: Client) -> None:
    assert client.get("/mail/").status_code == 404
    assert 'href="/mail/"' not in client.get("/services/").content.decode()
    assert sent_mail_is_not_shown(None) == []


PAYPAL = {"PAYPAL_CLIENT_ID": "id", "PAYPAL_CLIENT_SECRET": "secret", "PAYPAL_WEBHOOK_ID": "hook"}


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, "True"),
        ({"PAYPAL_MODE": "live", **PAYPAL}, "False"),
        ({"PAYPAL_MODE": "sandbox", **PAYPAL}, "False"),
        ({"EMAIL_URL": "smtp://127.0.0.1:25"}, "False"),
        ({"SITE_URL": "https://www.example.com", "TRUSTED_PROXIES": "127.0.0.1/32"}, "False"),
        ({"SITE_URL": "http://www.example.com"}, "False"),
        ({"SITE_URL": "http://127.0.0.1.example.com"}, "False"),
        ({"REHEARSAL": "1"}, "False"),
    ],
    ids=str,
)
def test_each_production_setting_alone_removes_it(environment: dict[str, str], expected: str, tmp_path: Path) -> None:
    keys = {name: os.environ[name] for name in ("SECRET_KEY", "ENCRYPTION_KEYS", "PATH")}
    script = "from aitpro.settings import MAIL_PREVIEW; print(MAIL_PREVIEW)"
    printed = subprocess.run(
        [sys.executable, "-c", script],
        cwd=project_settings.BASE_DIR,
        env={**keys, "DATA_DIR": str(tmp_path), **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    assert printed.stdout.strip() == expected
