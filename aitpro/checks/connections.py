"""Deployment checks: verified TLS to other hosts, and a known reverse proxy."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Warning, register

from aitpro.environment import SMTP_BACKEND

VERIFIED = {"verify-ca", "verify-full"}


@register(deploy=True)
def connections_are_encrypted(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Databases, caches, mail servers and mailboxes on other hosts must be reached over TLS; local ones need none."""
    return [*_mail(), *_mailbox(), *_databases(), *_caches()]


@register(deploy=True)
def the_proxy_is_known(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """The site itself speaks plain HTTP: with an https URL, a proxy must terminate TLS."""
    if not settings.HTTPS or settings.TRUSTED_PROXIES:
        return []
    said = "SITE_URL is https, but no server in front of the site is known: pages lead to themselves for ever, and all"
    said += " visitors count as one."
    return [Warning(said, hint="List its network in TRUSTED_PROXIES, such as 127.0.0.1/32.", id="aitpro.W004")]


def _mail() -> Iterator[CheckMessage]:
    mailer = settings.MAILERS["default"]
    options = mailer.get("OPTIONS", {})
    encrypted = options.get("use_tls") or options.get("use_ssl")
    if mailer["BACKEND"] == SMTP_BACKEND and not encrypted and not is_local(options.get("host", "")):
        yield Warning(
            "Mail is sent to its server without TLS.",
            hint="Use smtp+tls:// or smtp+ssl:// in EMAIL_URL.",
            id="aitpro.W001",
        )


def _mailbox() -> Iterator[CheckMessage]:
    if settings.MAIL_IN and not settings.MAIL_IN["encryption"] and not is_local(settings.MAIL_IN["host"]):
        said = "Mail and the mailbox's password are fetched without TLS."
        yield Warning(said, hint="Use imaps:// or imap+tls:// in MAIL_IN_URL.", id="aitpro.W006")


def _databases() -> Iterator[CheckMessage]:
    for alias, database in settings.DATABASES.items():
        is_remote = "postgresql" in database["ENGINE"] and not is_local(database.get("HOST", ""))
        if is_remote and database.get("OPTIONS", {}).get("sslmode") not in VERIFIED:
            hint = "Append ?sslmode=verify-full&sslrootcert=FILE to its URL."
            yield Warning(f"The certificate of the database {alias} is not verified.", hint=hint, id="aitpro.W002")


def _caches() -> Iterator[CheckMessage]:
    for alias, cache in settings.CACHES.items():
        locations = cache.get("LOCATION") or []
        for address in [locations] if isinstance(locations, str) else locations:
            parts = urlsplit(address)
            if parts.scheme == "redis" and not is_local(parts.hostname or ""):
                yield Warning(f"The cache {alias} is reached without TLS.", hint="Use rediss://.", id="aitpro.W003")


def is_local(host: str) -> bool:
    """Loopback addresses and Unix sockets (the empty default is one)."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host in {"", "localhost"} or host.startswith("/")
