"""PayPal is silent or drips while a buyer waits: the page ends in time, says what is known, and nothing is lost."""

from __future__ import annotations

import time

import pytest
from django.test import Client
from django.utils import timezone

from shop.models import Order
from shop.payments.settlement import settle_open_payments
from tests.shop.purchases import CAROL, FORM, approve, place
from tests.standin_process import Standin

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("product")]

TOO_LONG = 25  # seconds; a single call would be given 30


@pytest.mark.parametrize("kind", ["silent", "silent_after_commit", "drips"])
def test_the_page_after_paying_ends_and_the_payment_is_recorded_later(
    client: Client, paypal: Standin, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    payment = place(client).payments.get()
    back = approve(paypal, payment)
    paypal.fault(kind, path_contains="/v2/checkout/orders", times=10)
    monkeypatch.setattr("aitpro.http.page_deadline.WITHIN", 1)
    started = time.monotonic()
    response = client.get(back)
    assert time.monotonic() - started < TOO_LONG
    assert response.headers["Location"].endswith("?asking=1")
    assert "We're checking your payment with PayPal" in client.get(response.headers["Location"]).content.decode()
    paypal.reset()
    assert settle_open_payments(now=timezone.now()) == 1
    payment.refresh_from_db()
    assert payment.state == "paid"


@pytest.mark.parametrize("kind", ["silent", "drips"])
def test_the_checkout_ends_and_keeps_the_order(
    client: Client, paypal: Standin, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    paypal.fault(kind, path_contains="/v2/checkout/orders", times=10)
    monkeypatch.setattr("aitpro.http.page_deadline.WITHIN", 1)
    started = time.monotonic()
    response = client.post("/checkout/bps-pro/", FORM, follow=True)
    assert time.monotonic() - started < TOO_LONG
    assert "Your order is saved" in response.content.decode()
    assert Order.objects.get().email == CAROL["email"]
