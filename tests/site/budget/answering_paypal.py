"""PayPal's answers without a server: what is counted and timed with it is this site's own work."""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from unittest.mock import patch

from django.conf import settings
from django.test import Client, override_settings

from shop.models import Payment
from shop.paypal.certificates import CertificateSource
from shop.paypal.client import PayPalClient
from shop.paypal.gateway import _gateway
from tests.shop.paypal import authority

ORIGIN = "http://127.0.0.1:9"  # nobody listens there


class AnsweringPayPal:
    """Creates and captures orders in memory, and signs webhook events."""

    def __init__(self, folder: Path) -> None:
        self.orders: dict[str, dict[str, Any]] = {}
        root = authority.root()
        self.leaf = authority.leaf(root)
        self.roots = folder / "roots.pem"
        self.roots.write_bytes(root.pem)

    def answer(self, url: str, method: str, body: dict[str, Any] | None) -> dict[str, Any]:
        *_, number, action = url.split("/")
        if method == "POST" and action == "orders":
            assert body is not None
            return self._create(body)
        if method == "POST" and action == "capture":
            return self._capture(self.orders[number])
        return self.orders[action]

    def _create(self, body: dict[str, Any]) -> dict[str, Any]:
        number = f"ORDER{len(self.orders)}"
        approve = {"rel": "payer-action", "href": f"{ORIGIN}/checkoutnow?token={number}", "method": "GET"}
        self.orders[number] = {
            "id": number,
            "status": "PAYER_ACTION_REQUIRED",
            "links": [approve],
            "purchase_units": body["purchase_units"],
        }
        return self.orders[number]

    def approve(self, payment: Payment) -> None:
        self.orders[str(payment.paypal_order_id)]["status"] = "APPROVED"

    def _capture(self, order: dict[str, Any]) -> dict[str, Any]:
        unit = order["purchase_units"][0]
        capture = {
            "id": f"CAPTURE{order['id']}",
            "status": "COMPLETED",
            "amount": unit["amount"],
            "custom_id": unit["custom_id"],
            "invoice_id": unit["invoice_id"],
        }
        payer = {"payer_id": "QYR5Z8XDVJNXQ", "email_address": "payer@example.com"}
        order |= {"status": "COMPLETED", "payer": payer}
        unit["payments"] = {"captures": [capture]}
        return order

    def notify(self, client: Client, payment: Payment) -> int:
        """Sends the event of an approved order. Returns the response's status."""
        number = str(payment.paypal_order_id)
        resource = {"id": number, "status": "APPROVED", "intent": "CAPTURE"}
        event = {"id": f"WH-{number}", "event_type": "CHECKOUT.ORDER.APPROVED", "resource": resource}
        raw = json.dumps(event).encode()
        at = datetime.now(UTC).isoformat().replace("+00:00", "Z")
        message = f"{number}|{at}|{settings.PAYPAL_WEBHOOK_ID}|{zlib.crc32(raw)}"
        headers = {
            "Paypal-Auth-Algo": "SHA256withRSA",
            "Paypal-Cert-Url": f"{ORIGIN}/v1/notifications/certs/CERT-1",
            "Paypal-Transmission-Id": number,
            "Paypal-Transmission-Sig": base64.b64encode(self.leaf.sign(message.encode())).decode(),
            "Paypal-Transmission-Time": at,
        }
        return client.post("/paypal/webhook/", raw, content_type="application/json", headers=headers).status_code


@contextmanager
def answering_paypal(folder: Path) -> Iterator[AnsweringPayPal]:
    """Instead of PayPal's server; `folder` is for the root certificate."""
    paypal = AnsweringPayPal(folder)

    def request(client: PayPalClient, url: str, method: str, body: Any = None, *_: Any, **options: Any) -> Any:
        return paypal.answer(url, method, body)

    there = {"PAYPAL_BASE_URL": ORIGIN, "PAYPAL_APPROVE_ORIGIN": ORIGIN, "PAYPAL_TRUST_ROOTS": paypal.roots}
    with (
        override_settings(**there),
        patch.object(PayPalClient, "request", request),
        patch.object(CertificateSource, "_fetch", lambda source, url: paypal.leaf.pem),
    ):
        yield paypal
    _gateway.cache_clear()
