"""`manage.py check --deploy` warns about unencrypted connections to other hosts."""

from __future__ import annotations

from typing import Any

import pytest
from pytest_django import Settings

from aitpro.checks.connections import connections_are_encrypted, is_local, the_proxy_is_known
from aitpro.checks.production import refund_window_includes_the_legal_one, returned_mail_comes_to_an_own_domain
from aitpro.environment import SMTP_BACKEND

POSTGRESQL = "django.db.backends.postgresql"


def found() -> list[str]:
    return [str(message.id) for message in connections_are_encrypted(None)]


@pytest.fixture(autouse=True)
def _nothing_remote(settings: Settings) -> None:
    settings.MAILERS = {"default": {"BACKEND": SMTP_BACKEND, "OPTIONS": {"host": "localhost"}}}


def test_local_services_need_no_tls() -> None:
    assert found() == []


@pytest.mark.parametrize(("secured", "expected"), [("", ["aitpro.W001"]), ("use_tls", []), ("use_ssl", [])])
def test_remote_mail_server_needs_tls(settings: Settings, secured: str, expected: list[str]) -> None:
    options = {"host": "mail.example.com"} | ({secured: True} if secured else {})
    settings.MAILERS = {"default": {"BACKEND": SMTP_BACKEND, "OPTIONS": options}}
    assert found() == expected


@pytest.mark.parametrize(
    ("database", "expected"),
    [
        ({"HOST": "db.example.com"}, ["aitpro.W002"]),
        ({"HOST": "db.example.com", "OPTIONS": {"sslmode": "require"}}, ["aitpro.W002"]),
        ({"HOST": "db.example.com", "OPTIONS": {"sslmode": "verify-full"}}, []),
        ({"HOST": "/var/run/postgresql"}, []),
        ({"HOST": "127.0.0.1"}, []),
        ({"HOST": ""}, []),
    ],
)
def test_remote_database_needs_a_verified_certificate(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, database: dict[str, Any], expected: list[str]
) -> None:
    monkeypatch.setattr("aitpro.checks.connections.settings.DATABASES", {"default": {"ENGINE": POSTGRESQL, **database}})
    assert found() == expected


@pytest.mark.parametrize(
    ("location", "expected"),
    [
        ("redis://cache.example.com:6379/0", ["aitpro.W003"]),
        (["redis://127.0.0.1:6379/0", "redis://cache.example.com:6379/0"], ["aitpro.W003"]),
        ("rediss://cache.example.com:6379/0", []),
        ("redis://localhost:6379/0", []),
        ("privacy_limits", []),
    ],
)
def test_remote_cache_needs_tls(monkeypatch: pytest.MonkeyPatch, location: Any, expected: list[str]) -> None:
    monkeypatch.setattr("aitpro.checks.connections.settings.CACHES", {"default": {"LOCATION": location}})
    assert found() == expected


@pytest.mark.parametrize(
    ("encryption", "host", "expected"),
    [
        ("", "mail.example.com", ["aitpro.W006"]),
        ("tls", "mail.example.com", []),
        ("starttls", "mail.example.com", []),
        ("", "127.0.0.1", []),
    ],
)
def test_remote_mailbox_needs_tls(settings: Settings, encryption: str, host: str, expected: list[str]) -> None:
    settings.MAIL_IN = {"host": host, "encryption": encryption}
    assert found() == expected


@pytest.mark.parametrize("host", ["127.0.0.2", "::1", "localhost", "", "/run/postgresql"])
def test_loopback_and_sockets_are_local(host: str) -> None:
    assert is_local(host)


@pytest.mark.parametrize("host", ["10.0.0.1", "db", "localhost.example.com", "fe80::1"])
def test_other_hosts_are_not_local(host: str) -> None:
    assert not is_local(host)


@pytest.mark.parametrize(
    ("https", "trusted", "expected"),
    [(True, [], ["aitpro.W004"]), (True, ["10.0.0.0/8"], []), (False, [], [])],
)
def test_an_https_address_needs_a_known_proxy(
    settings: Settings, https: bool, trusted: list[str], expected: list[str]
) -> None:
    settings.HTTPS, settings.TRUSTED_PROXIES = https, trusted
    messages = the_proxy_is_known(None)
    assert [str(message.id) for message in messages] == expected
    assert all("TRUSTED_PROXIES" in (message.hint or "") for message in messages)


@pytest.mark.parametrize(
    ("domain", "expected"),
    [("", []), ("bounces.ait-pro.com", []), ("ait-pro.com", ["aitpro.W007"]), ("bounces.example.org", ["aitpro.W007"])],
)
def test_returned_mail_comes_to_a_subdomain_of_the_business(
    settings: Settings, domain: str, expected: list[str]
) -> None:
    settings.MAIL_BOUNCE_DOMAIN = domain
    assert [message.id for message in returned_mail_comes_to_an_own_domain(None)] == expected


@pytest.mark.parametrize(("days", "expected"), [(14, ["aitpro.W005"]), (15, [])])
def test_refund_window_shorter_than_the_legal_one_is_reported(
    settings: Settings, days: int, expected: list[str]
) -> None:
    settings.REFUND_DAYS = days
    assert [message.id for message in refund_window_includes_the_legal_one(None)] == expected
