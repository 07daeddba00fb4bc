"""Verifies webhook signatures offline, over the raw request body.

PayPal signs `transmission id | time | webhook id | crc32 of the body in decimal` with RSA-SHA256:
https://developer.paypal.com/api/rest/webhooks/rest/#link-selfverificationmethod
PayPal's verification API is used only if the certificate can't be fetched, never for a mismatching signature.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
import zlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256

from shop.paypal.certificates import CertificateSource, CertificateUnavailable
from shop.paypal.client import PayPalClient
from shop.paypal.config import PayPalConfig
from shop.paypal.errors import Conflict, Expired, Invalid, WebhookRejected
from shop.paypal.types import WebhookEvent

MAX_BODY = 1024 * 1024  # bytes
VERIFY_PATH = "/v1/notifications/verify-webhook-signature"

# Allowed header values; anything else is rejected first.
HEADERS = {
    "auth_algo": ("paypal-auth-algo", re.compile(r"SHA256withRSA")),
    "cert_url": ("paypal-cert-url", re.compile(r"[!-~]{1,500}")),
    "transmission_id": ("paypal-transmission-id", re.compile(r"[A-Za-z0-9-]{1,64}")),
    "transmission_sig": ("paypal-transmission-sig", re.compile(r"[A-Za-z0-9+/=]{1,1024}")),
    "transmission_time": ("paypal-transmission-time", re.compile(r"[0-9TZ:.+-]{1,40}")),
}


@dataclass(frozen=True, slots=True)
class Transmission:
    """The five headers, under the names of PayPal's verification API."""

    auth_algo: str
    cert_url: str
    transmission_id: str
    transmission_sig: str
    transmission_time: str

    @classmethod
    def read(cls, headers: Mapping[str, str]) -> Transmission:
        given = {name.lower(): value for name, value in headers.items()}
        found = {field: given.get(name, "") for field, (name, _) in HEADERS.items()}
        if not all(HEADERS[field][1].fullmatch(value) for field, value in found.items()):
            raise WebhookRejected("The signature headers are missing or malformed.")
        return cls(**found)

    def signed_message(self, webhook_id: str, raw: bytes) -> bytes:
        return f"{self.transmission_id}|{self.transmission_time}|{webhook_id}|{zlib.crc32(raw)}".encode()


class WebhookVerifier:
    def __init__(self, config: PayPalConfig, client: PayPalClient) -> None:
        self._webhook_id = config.webhook_id
        self._client = client
        self._certificates = CertificateSource(config, client.session)

    def verify(self, headers: Mapping[str, str], raw: bytes) -> WebhookEvent:
        """Raises WebhookRejected with a constant reason, or Transient if the signature can't be verified now."""
        if len(raw) > MAX_BODY:
            raise WebhookRejected("The body is too large.")
        transmission = Transmission.read(headers)
        event = _event(raw)  # before verifying: what is not one JSON object must never be spliced into another
        try:
            key = self._certificates.public_key(transmission.cert_url)
        except CertificateUnavailable:
            self._ask_paypal(transmission, raw)
            return event
        try:
            message = transmission.signed_message(self._webhook_id, raw)
            key.verify(_signature(transmission), message, PKCS1v15(), SHA256())
        except InvalidSignature:
            raise WebhookRejected("The signature does not match.") from None
        return event

    def _ask_paypal(self, transmission: Transmission, raw: bytes) -> None:
        """Inserts the raw body: decoding and encoding could turn `1.0` into `1` and invalidate the signature."""
        head = json.dumps(asdict(transmission) | {"webhook_id": self._webhook_id}).encode()
        body = head[:-1] + b', "webhook_event": ' + raw + b"}"
        try:
            answer = self._client.post(VERIFY_PATH, body, repeatable=True)
        except (Invalid, Expired, Conflict):
            raise WebhookRejected("PayPal does not verify it.") from None
        if answer.get("verification_status") != "SUCCESS":
            raise WebhookRejected("PayPal says that the signature does not match.")


def _signature(transmission: Transmission) -> bytes:
    try:
        return base64.b64decode(transmission.transmission_sig, validate=True)
    except binascii.Error:
        raise WebhookRejected("The signature is unreadable.") from None


def _event(raw: bytes) -> WebhookEvent:
    try:
        found: Any = json.loads(raw.decode(), parse_constant=_no_constant)  # NaN is Python's own idea of JSON
        return WebhookEvent(
            id=_text(found["id"]),
            event_type=_text(found["event_type"]),
            resource_type=str(found.get("resource_type", "")),
            resource=_object(found["resource"]),
            created_at=_time(found.get("create_time")),
        )
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        raise WebhookRejected("The body is not an event.") from None


def _no_constant(name: str) -> None:
    raise ValueError(name)


def _text(value: object) -> str:
    if not isinstance(value, str) or not 0 < len(value) <= 255:
        raise ValueError
    return value


def _object(value: object) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise TypeError
    return value


def _time(value: object) -> datetime | None:
    if not isinstance(value, str):
        return None
    moment = datetime.fromisoformat(value)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
