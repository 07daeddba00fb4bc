"""Webhook events: accepted only if signed by PayPal, stored once, and used as triggers."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from django.test import Client, RequestFactory
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart
from django.utils import timezone
from django_tasks_db.models import DBTaskResult
from pytest_django import Settings

from affiliates.models import Affiliate, Commission
from shop.models import Order, Payment, PayPalEvent, Product, Refund
from shop.paypal.gateway import gateway
from shop.paypal.types import WebhookEvent
from shop.paypal.webhook_verification import MAX_BODY
from shop.webhooks.processing import handle_open_events, receive_event
from shop.webhooks.views import paypal_webhook
from tests.paypal_standin.receiver import Hook, Receiver
from tests.running_site import free_port
from tests.shop.purchases import approve, buy, place
from tests.shop.webhook_messages import WEBHOOK, deliver
from tests.standin_process import Standin

pytestmark = pytest.mark.usefixtures("product")

Work = Callable[[], int]


@pytest.mark.django_db
@pytest.mark.parametrize("body", [b"", b"{}", b"not json", b"\x00\xff", b'{"id": "WH-1", "event_type": "X"}'])
def test_unsigned_event_stores_nothing(body: bytes) -> None:
    response = Client().post(WEBHOOK, body, content_type="application/json")
    assert response.status_code == 400
    assert response.content == b"This request is not signed by PayPal."
    assert not PayPalEvent.objects.exists()
    assert not DBTaskResult.objects.exists()


@pytest.mark.django_db
def test_webhook_refuses_get() -> None:
    assert Client().get(WEBHOOK).status_code == 405


@pytest.mark.slow
def test_signed_event_settles_the_payment(client: Client, paypal: Standin, told: Receiver, work: Work) -> None:
    payment = place(client).payments.get()
    approve(paypal, payment)  # the browser never returns
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
def test_duplicate_event_is_stored_and_handled_once(
    client: Client, paypal: Standin, told: Receiver, work: Work
) -> None:
    payment = place(client).payments.get()
    approve(paypal, payment)
    hook = told.wait_for(payment.paypal_order_id or "", "CHECKOUT.ORDER.APPROVED")[0]
    assert [deliver(hook) for _ in range(3)] == [200, 200, 200]
    assert PayPalEvent.objects.count() == 1
    assert work() == 2  # the message, and the receipt that came of it


@pytest.mark.slow
def test_signature_is_not_valid_for_another_body(client: Client, paypal: Standin, told: Receiver) -> None:
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
def test_failed_event_is_retried(
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
def test_foreign_event_is_accepted_and_changes_nothing(
    client: Client, paypal: Standin, told: Receiver, work: Work, product: Product
) -> None:
    payment = place(client).payments.get()
    approve(paypal, payment)
    hook = told.wait_for(payment.paypal_order_id or "", "CHECKOUT.ORDER.APPROVED")[0]
    Payment.objects.all().delete()
    assert deliver(hook) == 200
    assert work() == 1
    assert PayPalEvent.objects.get().handled_at is not None


def approved(client: Client, paypal: Standin, told: Receiver) -> Hook:
    payment = place(client).payments.get()
    approve(paypal, payment)
    return told.wait_for(payment.paypal_order_id or "", "CHECKOUT.ORDER.APPROVED")[0]


@pytest.mark.django_db
@pytest.mark.parametrize("content_type", [MULTIPART_CONTENT, "application/x-www-form-urlencoded"])
def test_a_form_is_no_message_of_paypals(content_type: str) -> None:
    body = encode_multipart(BOUNDARY, {"a": "b"}) if content_type == MULTIPART_CONTENT else b"a=b"
    response = Client().generic("POST", WEBHOOK, body, content_type=content_type)
    assert (response.status_code, response.content) == (400, b"This request is not signed by PayPal.")
    assert not PayPalEvent.objects.exists()


@pytest.mark.django_db
def test_a_long_body_is_refused_before_it_is_read() -> None:
    class Unread(BytesIO):
        def read(self, *size: int | None) -> bytes:
            raise AssertionError("nobody reads it")

    request = RequestFactory().post(WEBHOOK, b"", content_type="application/json")
    request.META["CONTENT_LENGTH"] = str(MAX_BODY + 1)
    request.META["wsgi.input"] = Unread()
    assert paypal_webhook(request).status_code == 413
    response = Client().post(WEBHOOK, b"x" * (MAX_BODY + 1), content_type="application/json")
    assert (response.status_code, PayPalEvent.objects.count()) == (413, 0)
    assert Client().post(WEBHOOK, b"x" * MAX_BODY, content_type="application/json").status_code == 400


@pytest.mark.slow
@pytest.mark.parametrize(
    "body", [b"not json", b"[]", b'"text"', b"1", b"null", b"{}", b'{"id": 1}', b"\xff", b"[" * 9999]
)
def test_a_body_that_is_no_event_is_refused_whatever_its_signature(
    client: Client, paypal: Standin, told: Receiver, body: bytes
) -> None:
    assert deliver(approved(client, paypal, told), raw=body) == 400
    assert not PayPalEvent.objects.exists()


@pytest.mark.slow
@pytest.mark.parametrize(
    "missing", ["Transmission-Id", "Transmission-Time", "Transmission-Sig", "Cert-Url", "Auth-Algo"]
)
def test_each_header_has_to_be_there(client: Client, paypal: Standin, told: Receiver, missing: str) -> None:
    hook = approved(client, paypal, told)
    name = next(name for name in hook.headers if name.lower() == f"paypal-{missing}".lower())
    assert deliver(hook, changed={name: ""}) == 400
    assert deliver(hook) == 200


@pytest.mark.slow
def test_a_signature_for_another_webhook_is_refused(
    client: Client, paypal: Standin, told: Receiver, settings: Settings
) -> None:
    hook = approved(client, paypal, told)
    ours, settings.PAYPAL_WEBHOOK_ID = settings.PAYPAL_WEBHOOK_ID, "ANOTHER-WEBHOOK"
    assert deliver(hook) == 400
    settings.PAYPAL_WEBHOOK_ID = ours
    assert deliver(hook) == 200


@pytest.mark.slow
def test_a_signature_that_nobody_can_check_now_is_asked_for_again(
    client: Client, paypal: Standin, told: Receiver, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    hook = approved(client, paypal, told)
    gateway().client.session.close()
    settings.PAYPAL_BASE_URL = f"http://127.0.0.1:{free_port()}"
    changed = {"Paypal-Cert-Url": f"{settings.PAYPAL_BASE_URL}/v1/notifications/certs/CERT-1"}
    assert deliver(hook, changed=changed) == 503
    assert logging.ERROR in {level for name, level, _ in caplog.record_tuples if name == "shop.webhooks.views"}
    assert not PayPalEvent.objects.exists()
    settings.PAYPAL_BASE_URL = paypal.url
    assert deliver(hook) == 200


@pytest.mark.slow
def test_webhook_settles_before_the_browser_returns(
    client: Client, paypal: Standin, told: Receiver, work: Work
) -> None:
    payment = place(client).payments.get()
    back = approve(paypal, payment)
    deliver(told.wait_for(payment.paypal_order_id or "", "CHECKOUT.ORDER.APPROVED")[0])
    work()
    assert b"your order is paid" in client.get(back, follow=True).content
    told.wait_for(payment.paypal_order_id or "", "PAYMENT.CAPTURE.COMPLETED")
    assert len(told.about(payment.paypal_order_id or "", "PAYMENT.CAPTURE.COMPLETED")) == 1


@pytest.mark.django_db
@pytest.mark.parametrize("kind", ["BILLING.PLAN.CREATED", "PAYMENT.SALE.COMPLETED", "X"])
def test_a_kind_nobody_asked_for_is_stored_and_ignored(kind: str, work: Work) -> None:
    receive_event(event(kind, {"id": "P-1"}))
    work()
    assert PayPalEvent.objects.get().handled_at is not None


@pytest.mark.django_db
@pytest.mark.parametrize("strange", [{"id": 5}, {"id": {"a": 1}}, {"id": "\x00"}, {"links": 1}, {"id": "x" * 999}, {}])
def test_strange_numbers_in_a_signed_message_do_no_harm(strange: dict[str, Any]) -> None:
    receive_event(event("PAYMENT.CAPTURE.REFUNDED", strange))
    assert PayPalEvent.objects.get().resource_id == ""
    assert handle_open_events(now=timezone.now() + timedelta(minutes=6)) == 1
    assert PayPalEvent.objects.get().handled_at is None


@pytest.mark.slow
def test_a_refund_whose_payment_is_not_known_waits_for_it(
    client: Client, paypal: Standin, told: Receiver, work: Work
) -> None:
    payment = buy(client, paypal)
    paypal.act(payment.capture_id or "", "refund", amount="20.00")
    hook = told.wait_for(payment.capture_id or "", "PAYMENT.CAPTURE.REFUNDED")[0]
    order_id = payment.paypal_order_id
    Payment.objects.filter(pk=payment.pk).update(capture_id=None, paypal_order_id=None, state="new")
    assert deliver(hook) == 200
    work()
    now = timezone.now()
    assert PayPalEvent.objects.get().handled_at is None
    assert [handle_open_events(now=now + timedelta(minutes=minute)) for minute in (6, 6, 7, 8, 9)] == [1, 0, 1, 0, 1]
    assert PayPalEvent.objects.given_up(now + timedelta(days=3, minutes=1)).count() == 1
    Payment.objects.filter(pk=payment.pk).update(paypal_order_id=order_id, state="capturing")
    handle_open_events(now=now + timedelta(hours=1))
    payment.refresh_from_db()
    assert (payment.state, payment.refunded_minor) == ("part_refunded", 2000)
    stored = PayPalEvent.objects.get()
    assert (stored.payment, stored.handled_at is not None) == (payment, True)


@pytest.mark.django_db
def test_failing_event_does_not_block_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    for kind in ("PAYMENT.CAPTURE.REFUNDED", "X"):
        receive_event(event(kind, {"id": "R1"}, number=kind))

    def broken(**anything: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("shop.webhooks.processing.import_refund", broken)
    assert handle_open_events(now=timezone.now() + timedelta(minutes=6)) == 2
    assert set(PayPalEvent.objects.open().values_list("event_type", flat=True)) == {"PAYMENT.CAPTURE.REFUNDED"}


def event(kind: str, resource: dict[str, Any], number: str = "WH-1") -> WebhookEvent:
    return WebhookEvent(id=number, event_type=kind, resource_type="", resource=resource, created_at=None)
