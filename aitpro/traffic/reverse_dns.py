"""Reverse DNS lookups with a timeout; a failure counts as no name."""

from __future__ import annotations

import hashlib
import secrets
from collections import OrderedDict

import dns.exception
import dns.resolver
from django.conf import settings

from .domains import UNKNOWN, domain_of, is_public

SECONDS = 2.0  # timeout of one lookup
REMEMBERED = 2000  # cached results


class DomainLookup:
    """Caches results under a keyed hash of the address; the key exists only in this process."""

    def __init__(self) -> None:
        self._resolver = _resolver()
        self._key = secrets.token_bytes(32)
        self._answers: OrderedDict[bytes, str] = OrderedDict()

    def domain_of(self, address: str | None) -> str:
        if address is None or not is_public(address):
            return UNKNOWN
        digest = hashlib.blake2b(address.encode(), key=self._key, digest_size=16).digest()
        if digest not in self._answers:
            self._answers[digest] = self._ask(address)
            if len(self._answers) > REMEMBERED:
                self._answers.popitem(last=False)
        return self._answers[digest]

    def _ask(self, address: str) -> str:
        if self._resolver is None:
            return UNKNOWN
        try:
            answer = self._resolver.resolve_address(address, lifetime=SECONDS, search=False)
            return domain_of(answer[0].target.to_text(), address)
        except (dns.exception.DNSException, OSError, UnicodeError):
            return UNKNOWN


def _resolver() -> dns.resolver.Resolver | None:
    """The system's name servers, or the configured one; None if there is none."""
    try:
        resolver = dns.resolver.Resolver(configure=not settings.TRAFFIC_NAMESERVER)
    except dns.resolver.NoResolverConfiguration:
        return None
    if settings.TRAFFIC_NAMESERVER:
        host, resolver.port = settings.TRAFFIC_NAMESERVER
        resolver.nameservers = [host]
    return resolver
