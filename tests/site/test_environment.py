"""A missing or malformed variable stops the start and is named; its value is never shown."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from aitpro.environment import Environment

Read = Callable[[Environment], Any]


@pytest.fixture
def env(tmp_path: Path) -> Environment:
    return Environment(tmp_path / ".env")


@pytest.mark.parametrize(
    ("value", "read", "result"),
    [
        ("x", lambda env: env.text("THING"), "x"),
        ("yes", lambda env: env.flag("THING", default=False), True),
        ("OFF", lambda env: env.flag("THING", default=True), False),
        ("5", lambda env: env.number("THING", default=1), 5),
        ("12.5", lambda env: env.percentage("THING", default="1"), Decimal("12.5")),
        (" a , b,", lambda env: env.words("THING"), ["a", "b"]),
        ("https://example.com/", lambda env: env.origin("THING", default=""), "https://example.com"),
        ("", lambda env: env.text("THING", default="fallback"), "fallback"),
        (None, lambda env: env.number("THING", default=7), 7),
    ],
)
def test_environment_variable_is_read(
    env: Environment, monkeypatch: pytest.MonkeyPatch, value: str | None, read: Read, result: object
) -> None:
    if value is not None:
        monkeypatch.setenv("THING", value)
    assert read(env) == result


@pytest.mark.parametrize(
    "read",
    [
        lambda env: env.flag("THING", default=False),
        lambda env: env.number("THING", default=1),
        lambda env: env.percentage("THING", default="1"),
        lambda env: env.choice("THING", {"a", "b"}, default="a"),
        lambda env: env.networks("THING"),
        lambda env: env.origin("THING", default="http://x"),
        lambda env: env.reply_address("THING"),
        lambda env: env.domain("THING"),
        lambda env: env.database("THING", default="sqlite://"),
    ],
)
def test_malformed_variable_is_named_and_not_shown(
    env: Environment, monkeypatch: pytest.MonkeyPatch, read: Read
) -> None:
    monkeypatch.setenv("THING", "s3cret value")
    with pytest.raises(ImproperlyConfigured, match="^THING ") as refusal:
        read(env)
    assert "s3cret" not in str(refusal.value)
    assert refusal.value.__cause__ is None


def test_missing_variable_is_named(env: Environment) -> None:
    with pytest.raises(ImproperlyConfigured, match="THING is missing"):
        env.text("THING")


@pytest.mark.parametrize("value", ["-1", "100.01", "NaN", "Infinity", "1e9"])
def test_a_percentage_is_between_0_and_100(env: Environment, monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("THING", value)
    with pytest.raises(ImproperlyConfigured, match="from 0 to 100"):
        env.percentage("THING", default="30")


@pytest.mark.parametrize("value", ["ftp://example.com", "https://example.com/shop", "example.com", "https://"])
def test_an_origin_has_no_path(env: Environment, monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("THING", value)
    with pytest.raises(ImproperlyConfigured):
        env.origin("THING", default="http://x")


@pytest.mark.parametrize(
    ("value", "mailbox"),
    [
        (
            "imaps://office%40example.com:p%2Fss%40%3A@mail.example.com/INBOX",
            {
                **{"host": "mail.example.com", "port": 993, "encryption": "tls"},
                **{"user": "office@example.com", "password": "p/ss@:", "folder": "INBOX"},
            },
        ),
        (
            "imap+tls://office:pass@mail.example.com:1143",
            {
                **{"host": "mail.example.com", "port": 1143, "encryption": "starttls"},
                **{"user": "office", "password": "pass", "folder": "INBOX"},
            },
        ),
        (
            "imap://office:pass@127.0.0.1/Anfragen%20%26%20B%C3%BCro/Neu",
            {
                **{"host": "127.0.0.1", "port": 143, "encryption": ""},
                **{"user": "office", "password": "pass", "folder": "Anfragen & Büro/Neu"},
            },
        ),
        ("", {}),
    ],
)
def test_a_mailbox_is_read(
    env: Environment, monkeypatch: pytest.MonkeyPatch, value: str, mailbox: dict[str, Any]
) -> None:
    monkeypatch.setenv("THING", value)
    assert env.mailbox("THING") == mailbox


@pytest.mark.parametrize(
    "value",
    [
        "https://office:s3cret@mail.example.com/INBOX",
        "pop3s://office:s3cret@mail.example.com",
        "imaps://office@mail.example.com/INBOX",
        "imaps://:s3cret@mail.example.com/INBOX",
        "imaps://office:s3cret@/INBOX",
        "imaps://office:s3cret@mail.example.com:many/INBOX",
        "imaps://office:s3cret#1@mail.example.com/INBOX",
        "imaps://office:s3cret?1@mail.example.com/INBOX",
        "office:s3cret@mail.example.com",
    ],
)
def test_a_malformed_mailbox_is_named_and_not_shown(
    env: Environment, monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setenv("THING", value)
    with pytest.raises(ImproperlyConfigured, match="^THING is malformed: an address such as imaps://") as refusal:
        env.mailbox("THING")
    assert "s3cret" not in str(refusal.value)
    assert refusal.value.__cause__ is None


def test_the_process_comes_before_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".env").write_text("THING=file\nOTHER_THING=file\n")
    monkeypatch.setenv("THING", "process")
    monkeypatch.delenv("OTHER_THING", raising=False)
    env = Environment(tmp_path / ".env")
    assert (env.text("THING"), env.text("OTHER_THING")) == ("process", "file")
    monkeypatch.delenv("OTHER_THING")


@pytest.mark.parametrize("line", ["OTHER_THING: s3cret", "OTHER THING=s3cret", "s3cret", "'OTHER_THING'=s3cret"])
def test_a_line_of_the_file_that_sets_nothing_is_numbered_and_not_shown(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture, line: str
) -> None:
    (tmp_path / ".env").write_text(f"# A comment\n\n  # another\n{line}\n")
    with pytest.raises(ImproperlyConfigured, match=r"^\.env: line 4 is malformed") as refusal:
        Environment(tmp_path / ".env")
    assert "s3cret" not in f"{refusal.value}{capfd.readouterr()}{caplog.text}"


@pytest.mark.parametrize(
    "value", ["info@example.com", "@reply.example.com", "INFO@Example.COM", "", "a" * 18 + "@example.com"]
)
def test_a_reply_address_is_one_address_or_a_domain(
    env: Environment, monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setenv("THING", value)
    local, at, domain = value.rpartition("@")
    assert env.reply_address("THING") == f"{local}{at}{domain.lower()}"


@pytest.mark.parametrize(
    "value",
    ["info", "info@", "@", "a@b@example.com", "in fo@example.com", "info+x@example.com", "info@localhost",
     "a" * 19 + "@example.com", "<info@example.com>"],
)  # fmt: skip
def test_a_reply_address_that_could_not_be_signed_is_refused(
    env: Environment, monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setenv("THING", value)
    with pytest.raises(ImproperlyConfigured, match="info@example.com or @reply.example.com"):
        env.reply_address("THING")
