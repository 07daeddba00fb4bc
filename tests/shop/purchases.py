"""A buyer's actions over HTTP, and PayPal's responses as gateway values."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from django.test import Client

from shop.models import Order, Payment
from shop.money import Money
from shop.paypal.types import CaptureState, CaptureStatus, RefundState, RefundStatus
from tests.standin_process import Standin

CAROL = {"name": "Carol Customer", "email": "carol@example.org", "code": ""}
# As the form sends it, while a product of the tests has its first price, and no terms are published.
FORM = {**CAROL, "price_seen": "$59.95", "terms_seen": "none"}


def place(client: Client, **fields: str) -> Order:
    """Fills in the checkout form. Without PayPal, the order is kept all the same. Sent again, it is the one before."""
    before = list(Order.objects.values_list("pk", flat=True))
    shown = Client().get("/checkout/bps-pro/").context or {}
    seen = shown["form"].current if "form" in shown else {}
    client.post("/checkout/bps-pro/", {**CAROL, **seen, **fields})
    return Order.objects.exclude(pk__in=before).first() or Order.objects.latest("placed_at", "pk")


def paypal_address(location: str, get: Callable[[str], Any]) -> str:
    """Where a click on "pay" ends, after the page that refreshes while another click is starting the payment."""
    for _ in range(100):
        if "?starting=" not in location:
            break
        time.sleep(0.1)
        location = get(location).headers.get("Location", location)
    return location


def approve(paypal: Standin, payment: Payment, **decision: str) -> str:
    """Presses the button at PayPal; returns path and query of the address that the browser is sent back to."""
    parts = urlsplit(paypal.decide(payment.approve_url, **decision))
    return f"{parts.path}?{parts.query}"


def buy(client: Client, paypal: Standin, **fields: str) -> Payment:
    """From the form to the receipt page."""
    payment = place(client, **fields).payments.get()
    client.get(approve(paypal, payment))
    payment.refresh_from_db()
    return payment


def capture_of(
    payment: Payment, status: CaptureStatus = CaptureStatus.COMPLETED, amount: str = "59.95", custom_id: str = ""
) -> CaptureState:
    return CaptureState(
        id=f"CAP-{payment.pk}",
        status=status,
        amount=Money.of(amount, payment.currency),
        custom_id=custom_id or str(payment.pk),
        invoice_id=None,
        status_reason=None,
        order_id=payment.paypal_order_id,
        refunded=None,
    )


def refund_of(payment: Payment, amount: str, number: str = "R1") -> RefundState:
    return RefundState(
        id=number,
        status=RefundStatus.COMPLETED,
        amount=Money.of(amount, payment.currency),
        capture_id=payment.capture_id,
    )
