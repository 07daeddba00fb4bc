"""Fetches and verifies the certificates that sign webhook events.

The certificate's URL comes with the request, so it is untrusted: only an allowlisted URL is fetched, redirects are not
followed, and the certificate must chain to a trusted root under PayPal's name.
"""

from __future__ import annotations

import re
import threading
from collections import OrderedDict
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, urlsplit

import requests
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.x509.verification import PolicyBuilder, Store, VerificationError
from django.utils import timezone

from privacy.web.bounded_sockets import deadline
from shop.paypal.config import PayPalConfig
from shop.paypal.errors import NotConfigured, WebhookRejected

from .transport import BodyTooLarge, read_body

LIVE_HOSTS = {"api.paypal.com", "api-m.paypal.com"}
SANDBOX_HOSTS = {"api.sandbox.paypal.com", "api-m.sandbox.paypal.com"}
LIVE_NAME = "messageverificationcerts.paypal.com"
SANDBOX_NAME = "messageverificationcerts.sandbox.paypal.com"

WITHIN = 10  # seconds for the whole certificate: PayPal waits for our answer meanwhile, and sends again if it is late
TIMEOUT = (5, WITHIN)
MAX_BYTES = 64 * 1024
MAX_CERTIFICATES = 8
MAX_CACHED = 8

_PATH = re.compile(r"/v1/notifications/certs/[A-Za-z0-9_-]{1,128}")
_MALFORMED = (ValueError, UnsupportedAlgorithm, x509.DuplicateExtension, x509.InvalidVersion)


class CertificateUnavailable(Exception):
    """The certificate can't be fetched; PayPal's verification API may be used instead."""


class CertificateSource:
    """Fetches certificate chains and caches the last few verified ones."""

    def __init__(self, config: PayPalConfig, session: requests.Session) -> None:
        self._config = config
        self._session = session
        self._chains: OrderedDict[str, list[x509.Certificate]] = OrderedDict()
        self._lock = threading.Lock()

    def public_key(self, cert_url: str) -> RSAPublicKey:
        """The signing key. Raises WebhookRejected, CertificateUnavailable, or NotConfigured without trust roots."""
        url = allowed_url(cert_url, self._config)
        chain = self._chains.get(url) or _certificates(self._fetch(url))
        self._verify(chain)  # each time: a remembered certificate expires too
        self._remember(url, chain)
        key = chain[0].public_key()
        if not isinstance(key, RSAPublicKey):
            raise WebhookRejected("The certificate has no RSA key.")
        return key

    def _fetch(self, url: str) -> bytes:
        options: dict[str, Any] = {"timeout": TIMEOUT, "allow_redirects": False, "stream": True}
        try:
            with deadline(WITHIN), self._session.get(url, **options) as response:
                if response.status_code == 429 or response.status_code >= 500:
                    raise CertificateUnavailable
                if response.status_code != 200:
                    raise WebhookRejected("The certificate does not exist.")
                return read_body(response, at_most=MAX_BYTES)
        except requests.RequestException:
            raise CertificateUnavailable from None
        except BodyTooLarge:
            raise WebhookRejected("The certificate is too large.") from None

    def _verify(self, chain: list[x509.Certificate]) -> None:
        name = LIVE_NAME if self._config.mode == "live" else SANDBOX_NAME
        policy = PolicyBuilder().store(trust_store(self._config.trust_roots)).time(timezone.now())
        try:
            policy.build_server_verifier(x509.DNSName(name)).verify(chain[0], chain[1:])
        except (VerificationError, x509.UnsupportedGeneralNameType, *_MALFORMED):
            raise WebhookRejected("The certificate is not PayPal's.") from None

    def _remember(self, url: str, chain: list[x509.Certificate]) -> None:
        with self._lock:
            self._chains[url] = chain
            self._chains.move_to_end(url)
            while len(self._chains) > MAX_CACHED:
                self._chains.popitem(last=False)


def allowed_url(cert_url: str, config: PayPalConfig) -> str:
    """The URL rebuilt from its checked parts, so that two parsers can't interpret it differently."""
    try:
        parts = urlsplit(cert_url)
        origin = _origin(parts)
    except ValueError:
        raise WebhookRejected("The certificate address is not PayPal's.") from None
    if origin not in _origins(config) or not _PATH.fullmatch(parts.path) or parts.query or parts.fragment:
        raise WebhookRejected("The certificate address is not PayPal's.")
    return f"{origin}{parts.path}"


def trust_store(path: str) -> Store:
    """The roots in a PEM file, parsed again when the file changes (the stand-in creates its own)."""
    try:
        return _parsed_store(path, Path(path).stat().st_mtime_ns)
    except (OSError, ValueError):
        raise NotConfigured("PAYPAL_TRUST_ROOTS names no PEM file of root certificates") from None


@lru_cache(maxsize=2)
def _parsed_store(path: str, changed: int) -> Store:
    return Store(x509.load_pem_x509_certificates(Path(path).read_bytes()))


def _origins(config: PayPalConfig) -> set[str]:
    """Allowed origins of certificates, by mode: a live shop doesn't accept sandbox certificates."""
    if config.mode == "standin":
        return {_origin(urlsplit(config.base_url))}
    return {f"https://{host}" for host in (LIVE_HOSTS if config.mode == "live" else SANDBOX_HOSTS)}


def _origin(parts: SplitResult) -> str:
    if parts.username is not None or parts.password is not None:
        raise ValueError
    port = f":{parts.port}" if parts.port not in (None, 443 if parts.scheme == "https" else 80) else ""
    return f"{parts.scheme}://{parts.hostname}{port}"


def _certificates(pem: bytes) -> list[x509.Certificate]:
    """The leaf first, then any intermediates."""
    try:
        chain = x509.load_pem_x509_certificates(pem)
    except _MALFORMED:
        raise WebhookRejected("The certificate is unreadable.") from None
    if len(chain) > MAX_CERTIFICATES:
        raise WebhookRejected("The certificate chain is too long.")
    return chain
