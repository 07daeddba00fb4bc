"""PayPal's messages: taken only when PayPal signed them, stored once, and used as a reason to look."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from django_tasks_db.models import DBTaskResult
from pytest_django import Settings

from affiliates.models import Affiliate, Commission
from shop.events import handle_open_events
from shop.models import Order, Payment, PayPalEvent, Product, Refund
from tests.paypal_standin.receiver import Receiver
from tests.running_site import free_port
from tests.shop.buying import approve, buy, place
from tests.shop.messages import WEBHOOK, deliver
from tests.standin_process import Standin

pytestmark = pytest.mark.usefixtures("product")

Work = Callable[[], int]


@pytest.mark.django_db
@pytest.mark.parametrize("body", [b"", b"{}", b"not json", b"\x00\xff", b'{"id": "WH-1", "event_type": "X"}'])
def test_an_unsigned_message_stores_nothing(body: bytes) -> None:
    response = Client().post(WEBHOOK, body, content_type="application/json")
    assert response.status_code == 400
    assert response.content == b"This message is not signed by PayPal."
    assert not PayPalEvent.objects.exists()
    assert not DBTaskResult.objects.exists()


@pytest.mark.django_db
def test_it_is_no_page() -> None:
    assert Client().get(WEBHOOK).status_code == 405


@pytest.mark.slow
def test_a_signed_message_settles_the_payment(client: Client, paypal: Standin, told: Receiver, work: Work) -> None:
    payment = place(client).payments.get()
    approve(paypal, payment)  # and the browser never comes back
    assert payment.paypal_order_id is not None
    hook = told.wait_for(payment.paypal_order_id, "CHECKOUT.ORDER.APPROVED")[0]
    assert deliver(hook) == 200
    event = PayPalEvent.objects.get()
    assert (event.event_type, event.resource_id) == ("CHECKOUT.ORDER.APPROVED", payment.paypal_order_id)
    work()
    event.refresh_from_db()
    assert event.handled_at is not None
    assert Order.objects.get().state == "paid"


@pytest.mark.slow
def test_the_same_message_is_stored_and_handled_once(
    client: Client, paypal: Standin, told: Receiver, work: Work
) -> None:
    payment = place(client).payments.get()
    approve(paypal, payment)
    hook = told.wait_for(payment.paypal_order_id or "", "CHECKOUT.ORDER.APPROVED")[0]
    assert [deliver(hook) for _ in range(3)] == [200, 200, 200]
    assert PayPalEvent.objects.count() == 1
    assert work() == 2  # the message, and the receipt that came of it


@pytest.mark.slow
def test_nobody_else_may_use_a_signature(client: Client, paypal: Standin, told: Receiver) -> None:
    payment = place(client).payments.get()
    approve(paypal, payment)
    hook = told.wait_for(payment.paypal_order_id or "", "CHECKOUT.ORDER.APPROVED")[0]
    forgeries = [
        deliver(hook, raw=hook.raw.replace(b"APPROVED", b"COMPLETED", 1)),
        deliver(hook, raw=hook.raw + b" "),
        deliver(hook, changed={"Paypal-Transmission-Id": "another"}),
        deliver(hook, changed={"Paypal-Transmission-Sig": "AAAA"}),
        deliver(hook, changed={"Paypal-Cert-Url": "https://evil.example/v1/notifications/certs/CERT"}),
    ]
    assert forgeries == [400] * 5
    assert not PayPalEvent.objects.exists()
    assert deliver(hook) == 200


@pytest.mark.slow
def test_nothing_of_the_payer_is_kept(client: Client, paypal: Standin, told: Receiver) -> None:
    payment = place(client).payments.get()
    approve(paypal, payment)
    hook = told.wait_for(payment.paypal_order_id or "", "CHECKOUT.ORDER.APPROVED")[0]
    assert b"payer@standin.example" in hook.raw
    deliver(hook)
    stored = str(list(PayPalEvent.objects.values()) + list(DBTaskResult.objects.values("args_kwargs")))
    assert str(payment.paypal_order_id) in stored
    assert "payer@standin.example" not in stored


@pytest.mark.slow
def test_a_refund_made_at_paypals_side_is_adopted(
    client: Client, paypal: Standin, told: Receiver, work: Work, alice: Affiliate
) -> None:
    payment = refunded_at_paypal(client, paypal)
    hook = told.wait_for(payment.capture_id or "", "PAYMENT.CAPTURE.REFUNDED")[0]
    for _ in range(2):
        deliver(hook)
    work()
    assert Refund.objects.get().requested_by is None
    payment.refresh_from_db()
    assert (payment.state, payment.refunded_minor) == ("part_refunded", 2000)
    assert Commission.objects.get().reversed_minor == 600


def refunded_at_paypal(client: Client, paypal: Standin) -> Payment:
    payment = buy(client, paypal, code="DEMO")
    assert payment.capture_id is not None
    paypal.act(payment.capture_id, "refund", amount="20.00")
    return payment


@pytest.mark.slow
def test_a_message_that_could_not_be_handled_is_done_again(
    client: Client, paypal: Standin, told: Receiver, alice: Affiliate, settings: Settings
) -> None:
    payment = refunded_at_paypal(client, paypal)
    deliver(told.wait_for(payment.capture_id or "", "PAYMENT.CAPTURE.REFUNDED")[0])
    now = timezone.now()
    assert handle_open_events(now=now) == 0  # the worker's turn first
    settings.PAYPAL_BASE_URL = f"http://127.0.0.1:{free_port()}"
    assert handle_open_events(now=now + timedelta(minutes=6)) == 1
    assert not Refund.objects.exists()
    settings.PAYPAL_BASE_URL = paypal.url
    assert handle_open_events(now=now + timedelta(minutes=7)) == 1
    assert Refund.objects.get().state == "completed"
    assert handle_open_events(now=now + timedelta(minutes=8)) == 0


@pytest.mark.slow
def test_a_message_about_nothing_of_ours_is_taken_and_changes_nothing(
    client: Client, paypal: Standin, told: Receiver, work: Work, product: Product
) -> None:
    payment = place(client).payments.get()
    approve(paypal, payment)
    hook = told.wait_for(payment.paypal_order_id or "", "CHECKOUT.ORDER.APPROVED")[0]
    Payment.objects.all().delete()
    assert deliver(hook) == 200
    assert work() == 1
    assert PayPalEvent.objects.get().handled_at is not None
