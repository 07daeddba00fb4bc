"""A pending payment that PayPal declines: the buyer is notified once and can pay another way."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.core import mail
from django.test import Client

from privacy.erasure.erase import erase_person
from shop.models import Payment, Product
from shop.payments.capture_booking import apply_capture
from shop.paypal.types import CaptureStatus
from tests import factories
from tests.shop.purchases import capture_of


@pytest.fixture
def payment(product: Product) -> Payment:
    return factories.payment(
        factories.order(product), state=Payment.State.CAPTURING, paypal_order_id="5O190127TN364715T"
    )


def paypal_says(payment: Payment, *states: CaptureStatus) -> None:
    for status in states:
        apply_capture(payment=payment, capture=capture_of(payment, status))


def test_the_buyer_is_told_and_led_back_to_the_order(client: Client, payment: Payment, work: Callable[[], int]) -> None:
    paypal_says(payment, CaptureStatus.PENDING, CaptureStatus.DECLINED, CaptureStatus.DECLINED)
    work()
    (message,) = mail.outbox
    assert message.subject == f"PayPal declined your payment ({payment.order.reference})"
    assert payment.order.get_absolute_url() in message.body
    assert "with PayPal</button>" in client.get(payment.order.get_absolute_url()).content.decode()


def test_buyer_on_the_site_sees_a_decline_and_gets_no_mail(payment: Payment, work: Callable[[], int]) -> None:
    paypal_says(payment, CaptureStatus.DECLINED)
    work()
    payment.refresh_from_db()
    assert payment.state == Payment.State.DECLINED
    assert not mail.outbox


def test_erased_buyer_gets_no_decline_mail(payment: Payment, work: Callable[[], int]) -> None:
    paypal_says(payment, CaptureStatus.PENDING)
    erase_person(email="carol@example.org")
    payment.refresh_from_db()
    paypal_says(payment, CaptureStatus.DECLINED)
    work()
    payment.refresh_from_db()
    assert payment.state == Payment.State.DECLINED
    assert not mail.outbox
