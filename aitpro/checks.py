"""`manage.py check --deploy`: what leaves this machine is encrypted, and the other end's certificate is looked at."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Warning, register

SMTP = "django.core.mail.backends.smtp.EmailBackend"
VERIFIED = {"verify-ca", "verify-full"}


@register(deploy=True)
def connections_are_encrypted(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """A database, cache or mail server on another machine is reached over TLS. This machine's own need none."""
    return [*_mail(), *_databases(), *_caches()]


def _mail() -> Iterator[CheckMessage]:
    encrypted = settings.EMAIL_USE_TLS or settings.EMAIL_USE_SSL
    if settings.EMAIL_BACKEND == SMTP and not encrypted and not is_this_machine(settings.EMAIL_HOST):
        yield Warning(
            "Mail goes to its server readable.", hint="EMAIL_URL: smtp+tls:// or smtp+ssl://", id="aitpro.W001"
        )


def _databases() -> Iterator[CheckMessage]:
    for alias, database in settings.DATABASES.items():
        is_remote = "postgresql" in database["ENGINE"] and not is_this_machine(database.get("HOST", ""))
        if is_remote and database.get("OPTIONS", {}).get("sslmode") not in VERIFIED:
            hint = "End its address with ?sslmode=verify-full&sslrootcert=FILE"
            yield Warning(f"Nobody checks which server the database {alias} is.", hint=hint, id="aitpro.W002")


def _caches() -> Iterator[CheckMessage]:
    for alias, cache in settings.CACHES.items():
        locations = cache.get("LOCATION") or []
        for address in [locations] if isinstance(locations, str) else locations:
            parts = urlsplit(address)
            if parts.scheme == "redis" and not is_this_machine(parts.hostname or ""):
                yield Warning(
                    f"The cache {alias} is read over the network readable.", hint="rediss://", id="aitpro.W003"
                )


def is_this_machine(host: str) -> bool:
    """Loopback, or a Unix socket's folder (also the empty default)."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host in {"", "localhost"} or host.startswith("/")
