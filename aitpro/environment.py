"""Reads the environment. Errors name a missing or malformed variable, never its value.

Every reader has bounds: what no vendor would want (a port of 0, a deadline in 300 years) stops the start.
"""

from __future__ import annotations

import ipaddress
import os
import re
import unicodedata
import warnings
from collections.abc import Callable
from decimal import Decimal
from difflib import get_close_matches
from io import StringIO
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import unquote, urlsplit
from zoneinfo import ZoneInfo

import environ
from django.core.exceptions import ImproperlyConfigured
from phonenumbers import SUPPORTED_REGIONS

from privacy.encryption.email_addresses import validate_address

T = TypeVar("T")

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_LABEL = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)")  # of a host name
LONGEST_REPLY_NAME = 18  # with + and 45 characters that sign it, 64: the limit before an @ (RFC 5321)
SMTP_BACKEND = "privacy.mail.smtp.EmailBackend"
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


_LINE = re.compile(r"(?:export )?[A-Za-z_0-9]+=.*|#.*|")
ALIKE = 0.85  # of two names; SITE_URI and SITE_URL are
READ_ELSEWHERE = {"DJANGO_SETTINGS_MODULE", "GUNICORN_CMD_ARGS", "REHEARSAL", "REQUESTS_CA_BUNDLE", "WEB_CONCURRENCY"}


class Environment:
    """The process's environment, with the project's `.env` as fallback.

    Every reader raises `ImproperlyConfigured`, which names the variable and the expected format, never the value.
    """

    def __init__(self, dotenv: Path) -> None:
        self.read: set[str] = set()  # names that were asked for
        self.in_file: set[str] = set()  # names that came from the file alone
        if dotenv.is_file():
            before = set(os.environ)
            environ.Env.read_env(StringIO(_lines(dotenv)))
            self.in_file = set(os.environ) - before

    def text(self, name: str, default: str | None = None) -> str:
        """The variable, or the content of the file named by `<name>_FILE`, for container secrets."""
        self.read.add(name)
        value, in_file = os.environ.get(name, "").strip(), os.environ.get(f"{name}_FILE", "").strip()
        if value and in_file:
            raise ImproperlyConfigured(f"{name} and {name}_FILE are both set: leave out one of them.")
        value = value or self._from_file(name, in_file) or (default or "")
        if not value and default is None:
            said = "set it in the environment or in .env (see .env.example)."
            raise ImproperlyConfigured(f"{name} is missing: {said}{self._slip(name)}")
        if any(unicodedata.category(character) in {"Cc", "Zl", "Zp"} for character in value):
            raise ImproperlyConfigured(f"{name} has a line break or another control character in it.")
        if len(value) > 1 and value[0] == value[-1] and value[0] in "'\"`":
            raise ImproperlyConfigured(f"{name} is in quotation marks: leave them out.")
        return value

    def _from_file(self, name: str, path: str) -> str:
        try:
            return Path(path).read_text().strip() if path else ""
        except (OSError, UnicodeDecodeError, ValueError):
            raise ImproperlyConfigured(f"{name}_FILE names a file that can't be read.") from None

    @staticmethod
    def _slip(name: str) -> str:
        alike = [each for each in get_close_matches(name, os.environ, cutoff=ALIKE) if each != name]
        return f" {alike[0]} is set: is it meant for {name}?" if alike else ""

    def misspelled(self) -> dict[str, str]:
        """Variables that nothing reads, each with the one that it is probably meant for, or "" in the project's `.env`,
        where nothing else belongs."""
        known = {*self.read, *(f"{name}_FILE" for name in self.read), *READ_ELSEWHERE}
        found = {}
        for name in sorted(set(os.environ) - known):
            alike = get_close_matches(name, self.read, n=1, cutoff=ALIKE)
            if alike or name in self.in_file:
                found[name] = alike[0] if alike else ""
        return found

    def flag(self, name: str, *, default: bool) -> bool:
        value = self.text(name, default=str(default)).lower()
        if value not in {"true", "false", "1", "0", "yes", "no", "on", "off"}:
            raise ImproperlyConfigured(f"{name} must be true or false.")
        return value in {"true", "1", "yes", "on"}

    def number(self, name: str, *, default: int, least: int = 1, most: int = 1_000_000) -> int:
        def parse(value: str) -> int:
            if not re.fullmatch(r"-?[0-9]{1,12}", value) or not least <= int(value) <= most:
                raise ValueError
            return int(value)

        return self.parsed(name, parse, expected=f"a whole number from {least} to {most}", default=str(default))

    def port(self, name: str, *, default: int) -> int:
        return self.number(name, default=default, most=65535)

    def hour(self, name: str, *, default: int) -> int:
        return self.number(name, default=default, least=0, most=23)

    def days(self, name: str, *, default: int, least: int = 0, most: int = 3650) -> int:
        return self.number(name, default=default, least=least, most=most)

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

    def hosts(self, name: str, *, default: str) -> list[str]:
        """Host names as Django's ALLOWED_HOSTS takes them: `.example.com` stands for all below it, too."""
        expected = "host names such as www.example.com, without https:// or a port,"
        return [self._parse(name, word, _host, expected) for word in self.words(name, default=default)]

    def time_zone(self, name: str, *, default: str) -> str:
        return self.parsed(name, _time_zone, expected="a time zone such as America/Los_Angeles", default=default)

    def country(self, name: str, *, default: str) -> str:
        return self.parsed(name, _country, expected="a country's code (ISO 3166) such as US", default=default)

    def region(self, name: str, *, default: str) -> str:
        return self.parsed(name, _region, expected="a region's code (ISO 3166-2) such as CA", default=default)

    def email(self, name: str, *, default: str) -> str:
        return self.parsed(name, _email, expected="an email address such as info@example.com", default=default)

    def columns(self, name: str) -> list[str]:
        expected = "columns such as privacy_privacyrequest.phone"
        return [self._parse(name, word, _column, expected) for word in self.words(name)]

    def age_recipients(self, name: str) -> list[str]:
        """Public keys; a secret one stops the start."""
        return [
            self._parse(name, word, _age_recipient, "public keys that begin with age1") for word in self.words(name)
        ]

    def report_address(self, name: str) -> str:
        """A Sentry-compatible DSN; empty if unset."""
        return self.parsed(name, _report_address, expected="an address such as https://key@host/1", default="")

    def endpoint(self, name: str) -> tuple[str, int] | None:
        """An IP address and a port such as `192.0.2.53:53`; None if unset."""
        return self.parsed(name, _endpoint, expected="an address and a port such as 192.0.2.53:53", default="")

    def origin(self, name: str, *, default: str) -> str:
        """A URL such as `https://example.com`, without a path."""
        return self.parsed(name, _origin, expected="an address such as https://example.com", default=default)

    def token(self, name: str) -> str:
        """A secret that opens something; empty if unset."""
        return self.parsed(name, _token, expected="24 characters or more, without spaces", default="")

    def ping_url(self, name: str) -> str:
        """An https address; http only on this machine. Empty if unset."""
        return self.parsed(name, _ping_url, expected="an address such as https://example.com/ping", default="")

    def reply_address(self, name: str) -> str:
        """`info@example.com`, to which details are added (RFC 5233), or `@reply.example.com`; empty if unset."""
        return self.parsed(name, _reply_address, expected="info@example.com or @reply.example.com", default="")

    def domain(self, name: str) -> str:
        """A domain in ASCII; empty if unset."""
        return self.parsed(name, _domain, expected="a domain such as bounces.example.com", default="")

    def database(self, name: str, *, default: str) -> dict[str, Any]:
        """Empty if the default is."""
        return self.parsed(name, _database, expected="a SQLite or PostgreSQL address", default=default)

    def replica(self, name: str) -> dict[str, Any]:
        """PostgreSQL's copy of the main database. Empty if unset."""
        return self.parsed(name, _replica, expected="a PostgreSQL address", default="")

    def cache(self, name: str) -> dict[str, Any]:
        """The cache of the rate limits: Redis, or if unset a table of the database."""
        return self.parsed(name, _cache, expected="redis://, rediss:// or unix:// with a host or path", default="")

    def mailer(self, name: str, *, default: str, timeout: int) -> dict[str, Any]:
        """An entry of `MAILERS`. `timeout` is in seconds, for mail servers."""
        config = self.parsed(name, _mail_server, expected="a mail server address", default=default)
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
            with warnings.catch_warnings():
                warnings.simplefilter("error")  # a parser that warns quotes what it could not read
                return parse(value)
        except Exception:
            # The original error is suppressed, because it may quote a secret.
            raise ImproperlyConfigured(f"{name} is malformed: {expected} is expected.") from None


def _lines(dotenv: Path) -> str:
    """The content of a `.env`. django-environ would log a line that it can't read, with all that is in it."""
    try:
        lines = [line.strip() for line in dotenv.read_text().splitlines()]
    except (OSError, UnicodeDecodeError):
        raise ImproperlyConfigured(f"{dotenv.name} can't be read.") from None
    for number, line in enumerate(lines, start=1):
        if not _LINE.fullmatch(line):
            raise ImproperlyConfigured(f"{dotenv.name}: line {number} is malformed: NAME=value is expected.")
    return "\n".join(lines)


def _amounts(value: str) -> list[int]:
    amounts = [int(amount) for amount in value.split(",")]
    if amounts[0] <= 0 or amounts[-1] > 1_000_000_000 or amounts != sorted(set(amounts)):
        raise ValueError
    return amounts


def _percentage(value: str) -> Decimal:
    number = Decimal(value)
    if not 0 <= number <= 100:
        raise ValueError
    return number


def _database(value: str) -> dict[str, Any]:
    if not value:
        return {}
    _require_url(value)
    config: dict[str, Any] = environ.Env.db_url_config(value)
    postgresql = config["ENGINE"] == "django.db.backends.postgresql"
    if not postgresql and config["ENGINE"] != "django.db.backends.sqlite3":
        raise ValueError
    if not config["NAME"] or (postgresql and config["PORT"] and not 0 < int(config["PORT"]) < 65536):
        raise ValueError
    return config


def _replica(value: str) -> dict[str, Any]:
    config = _database(value)
    if config and not config["ENGINE"].endswith("postgresql"):
        raise ValueError
    return config


def _cache(value: str) -> dict[str, Any]:
    if not value:
        return {"BACKEND": "privacy.web.caches.limit_table.LimitTable"}
    from redis import ConnectionPool

    _require_url(value)
    parts = urlsplit(value)
    if not (parts.path if parts.scheme == "unix" else parts.hostname):
        raise ValueError
    if parts.scheme != "unix":
        int(parts.path.strip("/") or 0)  # the number of a database; redis-py would use 0 for a word
    ConnectionPool.from_url(value).make_connection()  # without connecting; raises an error for an unknown option
    return {"BACKEND": "privacy.web.caches.redis_cache.RedisCache", "LOCATION": value, "KEY_PREFIX": "aitpro"}


def _require_url(value: str) -> None:
    """A character that ends a part too early makes a host of a password: `#`, `?` or `/` that were not escaped."""
    parts = urlsplit(value)
    if not parts.scheme or "://" not in value or re.search(r"\s", value) or parts.fragment:
        raise ValueError
    if any(re.fullmatch(r".*:0+", host) for host in parts.netloc.rpartition("@")[2].split(",")):
        raise ValueError
    if "@" in parts.path or "@" in parts.query or parts.netloc.count("@") > 1:
        raise ValueError


def _endpoint(value: str) -> tuple[str, int] | None:
    host, _, port = value.rpartition(":")
    if value:
        ipaddress.ip_address(host.strip("[]"))
    if value and not 0 < int(port) < 65536:
        raise ValueError
    return (host.strip("[]"), int(port)) if value else None


def _mail_server(value: str) -> dict[str, Any]:
    _require_url(value)
    config: dict[str, Any] = environ.Env.email_url_config(value)
    if config["EMAIL_BACKEND"] == "django.core.mail.backends.smtp.EmailBackend":
        config["EMAIL_BACKEND"] = SMTP_BACKEND
    backend = config["EMAIL_BACKEND"]
    if backend.endswith(".console.EmailBackend"):  # would write every mail into the log
        raise ValueError
    if backend == SMTP_BACKEND and not (config["EMAIL_HOST"] and int(config["EMAIL_PORT"] or 25) in range(1, 65536)):
        raise ValueError
    return config


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


def _token(value: str) -> str:
    if value and not re.fullmatch(r"[!-~]{24,200}", value):
        raise ValueError
    return value


def _ping_url(value: str) -> str:
    if not value:
        return ""
    parts = urlsplit(value)
    is_safe = parts.scheme == "https" or (
        parts.scheme == "http" and parts.hostname in {"127.0.0.1", "::1", "localhost"}
    )
    if not is_safe or not parts.hostname or parts.username or parts.fragment or not re.fullmatch(r"[!-~]+", value):
        raise ValueError
    _ = parts.port  # raises for what is no port
    return value


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
    """As browsers write it, so that it can be compared: in lower case and ASCII, without a user or a last dot."""
    parts = urlsplit(value)
    host = parts.hostname or ""
    if parts.scheme not in {"http", "https"} or value.strip("/") != f"{parts.scheme}://{parts.netloc}":
        raise ValueError
    if not re.fullmatch(r"[a-z0-9.-]+(?::\d+)?|\[[0-9a-f:]+\](?::\d+)?", parts.netloc) or parts.port == 0:
        raise ValueError
    if ":" in host:
        ipaddress.IPv6Address(host)
    elif not all(map(_LABEL.fullmatch, host.split("."))):
        raise ValueError
    return f"{parts.scheme}://{parts.netloc}"


def _host(value: str) -> str:
    address = re.fullmatch(r"\[([0-9a-f:]+)\]", value)
    if address:
        ipaddress.IPv6Address(address.group(1))
    elif value != "*" and not all(map(_LABEL.fullmatch, value.removeprefix(".").lower().split("."))):
        raise ValueError
    return value.lower()


def _time_zone(value: str) -> str:
    ZoneInfo(value)
    return value


def _country(value: str) -> str:
    if value not in SUPPORTED_REGIONS:
        raise ValueError
    return value


def _region(value: str) -> str:
    if not re.fullmatch(r"[A-Z0-9]{0,3}", value):
        raise ValueError
    return value


def _email(value: str) -> str:
    validate_address(value)
    if not value.isascii():
        raise ValueError
    return value


def _column(value: str) -> str:
    if not re.fullmatch(r"[a-z_0-9]+\.[a-z_0-9]+", value):
        raise ValueError
    return value


def _age_recipient(value: str) -> str:
    if not re.fullmatch(r"age1[0-9a-z]{58,}", value):
        raise ValueError
    return value


def _report_address(value: str) -> str:
    """With TLS, except to this machine."""
    parts = urlsplit(value)
    secure = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in {"127.0.0.1", "localhost", "::1"})
    sound = parts.hostname and re.fullmatch(r"\w+", parts.username or "") and re.fullmatch(r"/(?:.*/)?\d+", parts.path)
    if value and not (secure and sound and parts.port != 0 and not parts.query and not parts.fragment):
        raise ValueError
    return value
