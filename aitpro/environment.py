"""Reads the environment. Errors name a missing or malformed variable, never its value."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import unquote, urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured

T = TypeVar("T")

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

LONGEST_REPLY_NAME = 18  # with + and 45 characters that sign it, 64: the limit before an @ (RFC 5321)
SMTP_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
_MAILER_OPTIONS = {  # of each backend, as django-environ names them
    SMTP_BACKEND: {
        "host": "EMAIL_HOST",
        "port": "EMAIL_PORT",
        "username": "EMAIL_HOST_USER",
        "password": "EMAIL_HOST_PASSWORD",
        "use_tls": "EMAIL_USE_TLS",
        "use_ssl": "EMAIL_USE_SSL",
    },
    "django.core.mail.backends.filebased.EmailBackend": {"file_path": "EMAIL_FILE_PATH"},
}
_MAILBOX_SCHEMES = {"imaps": ("tls", 993), "imap+tls": ("starttls", 143), "imap": ("", 143)}


class Environment:
    """The process's environment, with the project's `.env` as fallback.

    Every reader raises `ImproperlyConfigured`, which names the variable and the expected format, never the value.
    """

    def __init__(self, dotenv: Path) -> None:
        self._env = environ.Env()
        if dotenv.is_file():
            environ.Env.read_env(str(dotenv))

    def text(self, name: str, default: str | None = None) -> str:
        """The variable, or the content of the file named by `<name>_FILE`, for container secrets."""
        value = str(self._env.str(name, default="")).strip() or self._from_file(name) or default
        if value is None:
            raise ImproperlyConfigured(f"{name} is missing: set it in the environment or in .env (see .env.example).")
        return value

    def _from_file(self, name: str) -> str:
        path = str(self._env.str(f"{name}_FILE", default="")).strip()
        try:
            return Path(path).read_text().strip() if path else ""
        except (OSError, UnicodeDecodeError):
            raise ImproperlyConfigured(f"{name}_FILE names a file that can't be read.") from None

    def flag(self, name: str, *, default: bool) -> bool:
        value = self.text(name, default=str(default)).lower()
        if value not in {"true", "false", "1", "0", "yes", "no", "on", "off"}:
            raise ImproperlyConfigured(f"{name} must be true or false.")
        return value in {"true", "1", "yes", "on"}

    def number(self, name: str, *, default: int) -> int:
        return self.parsed(name, int, expected="a whole number", default=str(default))

    def hour(self, name: str, *, default: int) -> int:
        return self.parsed(name, _hour, expected="an hour from 0 to 23", default=str(default))

    def days(self, name: str, *, default: int) -> int:
        return self.parsed(name, _days, expected="a number of days from 0 to 3650", default=str(default))

    def percentage(self, name: str, *, default: str) -> Decimal:
        return self.parsed(name, _percentage, expected="a number from 0 to 100", default=default)

    def words(self, name: str, *, default: str = "") -> list[str]:
        return [word.strip() for word in self.text(name, default=default).split(",") if word.strip()]

    def amounts(self, name: str, *, default: str) -> list[int]:
        return self.parsed(name, _amounts, expected="ascending whole amounts such as 1000,5000", default=default)

    def choice(self, name: str, choices: set[str], *, default: str) -> str:
        value = self.text(name, default=default)
        if value not in choices:
            raise ImproperlyConfigured(f"{name} must be one of: {', '.join(sorted(choices))}.")
        return value

    def networks(self, name: str) -> list[Network]:
        return [
            self._parse(name, word, ipaddress.ip_network, "networks such as 127.0.0.1/32") for word in self.words(name)
        ]

    def endpoint(self, name: str) -> tuple[str, int] | None:
        """An IP address and a port such as `192.0.2.53:53`; None if unset."""
        return self.parsed(name, _endpoint, expected="an address and a port such as 192.0.2.53:53", default="")

    def origin(self, name: str, *, default: str) -> str:
        """A URL such as `https://example.com`, without a path."""
        return self.parsed(name, _origin, expected="an address such as https://example.com", default=default)

    def reply_address(self, name: str) -> str:
        """`info@example.com`, to which details are added (RFC 5233), or `@reply.example.com`; empty if unset."""
        return self.parsed(name, _reply_address, expected="info@example.com or @reply.example.com", default="")

    def domain(self, name: str) -> str:
        """A domain in ASCII; empty if unset."""
        return self.parsed(name, _domain, expected="a domain such as bounces.example.com", default="")

    def database(self, name: str, *, default: str) -> dict[str, Any]:
        """Empty if the default is."""
        return self.parsed(name, _database, expected="a SQLite or PostgreSQL address", default=default)

    def cache(self, name: str) -> dict[str, Any]:
        """The cache of the rate limits: Redis, or if unset a table of the database."""
        return self.parsed(name, _cache, expected="redis://, rediss:// or unix:// with a host or path", default="")

    def mailer(self, name: str, *, default: str, timeout: int) -> dict[str, Any]:
        """An entry of `MAILERS`. `timeout` is in seconds, for mail servers."""
        config = self.parsed(name, environ.Env.email_url_config, expected="a mail server address", default=default)
        backend = config["EMAIL_BACKEND"]
        named = {option: config.get(setting) for option, setting in _MAILER_OPTIONS.get(backend, {}).items()}
        options = {option: value for option, value in named.items() if value is not None}
        return {"BACKEND": backend, "OPTIONS": options | ({"timeout": timeout} if backend == SMTP_BACKEND else {})}

    def mailbox(self, name: str) -> dict[str, Any]:
        """An IMAP mailbox: host, port, encryption (`tls`, `starttls`, or none), user, password, folder.

        Empty if unset.
        """
        return self.parsed(name, _mailbox, expected="an address such as imaps://user:password@host/INBOX", default="")

    def parsed(self, name: str, parse: Callable[[str], T], *, expected: str, default: str | None = None) -> T:
        return self._parse(name, self.text(name, default=default), parse, expected)

    @staticmethod
    def _parse(name: str, value: str, parse: Callable[[str], T], expected: str) -> T:
        try:
            return parse(value)
        except Exception:
            # The original error is suppressed, because it may quote a secret.
            raise ImproperlyConfigured(f"{name} is malformed: {expected} is expected.") from None


def _hour(value: str) -> int:
    if int(value) not in range(24):
        raise ValueError
    return int(value)


def _amounts(value: str) -> list[int]:
    amounts = [int(amount) for amount in value.split(",")]
    if amounts[0] <= 0 or amounts != sorted(set(amounts)):
        raise ValueError
    return amounts


def _days(value: str) -> int:
    if int(value) not in range(3651):
        raise ValueError
    return int(value)


def _percentage(value: str) -> Decimal:
    number = Decimal(value)
    if not 0 <= number <= 100:
        raise ValueError
    return number


def _database(value: str) -> dict[str, Any]:
    if not value:
        return {}
    config: dict[str, Any] = environ.Env.db_url_config(value)
    if config["ENGINE"] not in {"django.db.backends.sqlite3", "django.db.backends.postgresql"}:
        raise ValueError
    return config


def _cache(value: str) -> dict[str, Any]:
    if not value:
        return {"BACKEND": "privacy.web.caches.limit_table.LimitTable"}
    from redis import ConnectionPool

    parts = urlsplit(value)
    if not (parts.path if parts.scheme == "unix" else parts.hostname):
        raise ValueError
    if parts.scheme != "unix":
        int(parts.path.strip("/") or 0)  # the number of a database; redis-py would use 0 for a word
    ConnectionPool.from_url(value).make_connection()  # without connecting; raises an error for an unknown option
    return {"BACKEND": "privacy.web.caches.redis_cache.RedisCache", "LOCATION": value, "KEY_PREFIX": "aitpro"}


def _endpoint(value: str) -> tuple[str, int] | None:
    host, _, port = value.rpartition(":")
    if value:
        ipaddress.ip_address(host.strip("[]"))
    return (host.strip("[]"), int(port)) if value else None


def _mailbox(value: str) -> dict[str, Any]:
    if not value:
        return {}
    parts = urlsplit(value)
    encryption, port = _MAILBOX_SCHEMES[parts.scheme]
    if not (parts.hostname and parts.username and parts.password) or parts.query or parts.fragment:
        raise ValueError
    return {
        "host": parts.hostname,
        "port": parts.port or port,
        "encryption": encryption,
        "user": unquote(parts.username),
        "password": unquote(parts.password),
        "folder": unquote(parts.path.strip("/")) or "INBOX",
    }


def _reply_address(value: str) -> str:
    local, _, domain = value.rpartition("@")
    if value and (len(local) > LONGEST_REPLY_NAME or not re.fullmatch(r"[A-Za-z0-9._-]*", local)):
        raise ValueError
    return f"{local}@{_domain(domain or '.')}" if value else ""


def _domain(value: str) -> str:
    if value and not re.fullmatch(r"(?:[a-z0-9-]{1,63}\.)+[a-z0-9-]{2,63}", value, re.IGNORECASE):
        raise ValueError
    return value.lower()


def _origin(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in {"http", "https"} or not parts.netloc or parts.path.strip("/"):
        raise ValueError
    return f"{parts.scheme}://{parts.netloc}"
