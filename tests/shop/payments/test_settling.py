"""A capture is recorded once, and only if it matches the payment."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
import time_machine
from django.core import mail
from django.db import IntegrityError, transaction
from django.utils import timezone

from affiliates.models import Affiliate, Commission
from privacy.models import OutgoingMail, Suppression
from privacy.registry.purposes import Channel
from shop.mails import RECEIPT
from shop.models import Order, Payment, Product
from shop.payments.capture_booking import apply_capture
from shop.payments.settlement import settle_open_payments
from shop.paypal.types import CaptureStatus
from tests import factories
from tests.affiliates.sales import attributed_order
from tests.shop.purchases import capture_of

pytestmark = pytest.mark.usefixtures("clock")

Work = Callable[[], int]


@pytest.fixture
def payment(alice: Affiliate, product: Product) -> Payment:
    """Under way, for an order that Alice brought."""
    order = attributed_order(alice, product)
    return factories.payment(order, state=Payment.State.CAPTURING, paypal_order_id="5O190127TN364715T")


def state_of(payment: Payment) -> tuple[str, str]:
    payment.refresh_from_db()
    return payment.state, Order.objects.get(pk=payment.order_id).state


def receipts() -> int:
    return OutgoingMail.objects.filter(kind="shop/receipt").count()


def test_completed_is_paid_with_a_receipt_and_a_commission(payment: Payment, work: Work) -> None:
    apply_capture(payment=payment, capture=capture_of(payment))
    assert state_of(payment) == ("paid", "paid")
    assert Order.objects.get().paid_at == timezone.now()
    work()
    assert [message.to for message in mail.outbox] == [["carol@example.org"]]
    assert "$59.95" in str(mail.outbox[0].body)
    assert Commission.objects.count() == 1


def test_said_twice_it_is_booked_once(payment: Payment) -> None:
    for _ in range(3):
        apply_capture(payment=payment, capture=capture_of(payment))
    assert state_of(payment) == ("paid", "paid")
    assert receipts() == 1
    assert Commission.objects.count() == 1


def test_a_late_word_does_not_undo_it(payment: Payment) -> None:
    apply_capture(payment=payment, capture=capture_of(payment))
    apply_capture(payment=payment, capture=capture_of(payment, CaptureStatus.PENDING))
    apply_capture(payment=payment, capture=capture_of(payment, CaptureStatus.DECLINED))
    assert state_of(payment) == ("paid", "paid")


def test_pending_waits_and_is_paid_later(payment: Payment) -> None:
    apply_capture(payment=payment, capture=capture_of(payment, CaptureStatus.PENDING))
    assert state_of(payment) == ("pending", "pending")
    assert receipts() == 0
    apply_capture(payment=payment, capture=capture_of(payment))
    assert state_of(payment) == ("paid", "paid")
    assert receipts() == 1


def test_pending_and_then_denied_can_be_paid_again(payment: Payment) -> None:
    apply_capture(payment=payment, capture=capture_of(payment, CaptureStatus.PENDING))
    apply_capture(payment=payment, capture=capture_of(payment, CaptureStatus.DECLINED))
    assert state_of(payment) == ("declined", "open")
    assert not Commission.objects.exists()
    factories.payment(payment.order, attempt=2)


@pytest.mark.parametrize("word", [CaptureStatus.DECLINED, CaptureStatus.PENDING, CaptureStatus.FAILED])
def test_a_late_word_of_an_earlier_attempt_does_not_undo_the_one_that_paid(
    payment: Payment, word: CaptureStatus
) -> None:
    apply_capture(payment=payment, capture=capture_of(payment, CaptureStatus.DECLINED))
    second = factories.payment(payment.order, attempt=2, state=Payment.State.CAPTURING)
    apply_capture(payment=second, capture=capture_of(second))
    apply_capture(payment=payment, capture=capture_of(payment, word))
    assert state_of(second) == ("paid", "paid")
    assert state_of(payment) == ("declined", "paid")


def test_money_of_an_attempt_that_was_over_is_booked(payment: Payment) -> None:
    apply_capture(payment=payment, capture=capture_of(payment, CaptureStatus.DECLINED))
    apply_capture(payment=payment, capture=capture_of(payment))
    assert state_of(payment) == ("paid", "paid")
    assert receipts() == 1


def test_money_of_two_attempts_is_booked_once_and_noted_for_staff(payment: Payment) -> None:
    apply_capture(payment=payment, capture=capture_of(payment, CaptureStatus.DECLINED))
    second = factories.payment(payment.order, attempt=2, state=Payment.State.CAPTURING)
    apply_capture(payment=second, capture=capture_of(second))
    apply_capture(payment=payment, capture=capture_of(payment))
    assert state_of(second) == ("paid", "paid")
    assert state_of(payment) == ("declined", "paid")
    assert [str(extra.total) for extra in payment.extra_captures.to_refund()] == ["$59.95"]
    assert receipts() == 1
    assert Commission.objects.count() == 1


def test_an_unfamiliar_state_changes_nothing(payment: Payment) -> None:
    apply_capture(payment=payment, capture=capture_of(payment, CaptureStatus.UNKNOWN))
    assert state_of(payment) == ("capturing", "open")


@pytest.mark.parametrize(
    ("amount", "custom_id"), [("59.94", ""), ("60.95", ""), ("59.95", "1d2f7b0a-6c3e-4b57-9f3c-0a5b8c9d7e61")]
)
def test_mismatching_capture_is_recorded_as_a_problem(payment: Payment, amount: str, custom_id: str) -> None:
    apply_capture(payment=payment, capture=capture_of(payment, amount=amount, custom_id=custom_id))
    assert state_of(payment) == ("capturing", "open")
    assert f"PayPal collected ${amount}" in payment.problem
    assert receipts() == 0
    assert not Commission.objects.exists()


def test_money_is_booked_for_a_buyer_who_opted_out_of_mail(payment: Payment) -> None:
    before = payment.order.placed_at - timedelta(days=1)
    Suppression.objects.create(fingerprint="carol@example.org", channel=Channel.EMAIL, created_at=before)
    apply_capture(payment=payment, capture=capture_of(payment))
    assert state_of(payment) == ("paid", "paid")
    assert receipts() == 1  # asked for at the checkout, after the opt-out
    assert Commission.objects.count() == 1


def test_opted_out_buyer_gets_no_receipt_and_the_order_is_paid(payment: Payment) -> None:
    Suppression.objects.create(fingerprint="carol@example.org", channel=Channel.EMAIL)
    apply_capture(payment=payment, capture=capture_of(payment))
    assert state_of(payment) == ("paid", "paid")
    assert receipts() == 0


def test_money_is_booked_whatever_the_mail_gate_says(payment: Payment, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shop.payments.capture_booking.RECEIPT", replace(RECEIPT, live=lambda order: False))
    apply_capture(payment=payment, capture=capture_of(payment))
    assert state_of(payment) == ("paid", "paid")
    assert receipts() == 0


def test_money_is_booked_for_a_buyer_who_was_erased(payment: Payment) -> None:
    order = payment.order
    order.name = order.email = None
    order.save()
    apply_capture(payment=payment, capture=capture_of(payment))
    assert state_of(payment) == ("paid", "paid")
    assert receipts() == 0


def test_an_order_has_one_running_payment(payment: Payment) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        factories.payment(payment.order, attempt=2)


@pytest.mark.usefixtures("paypal_down")
def test_the_regular_look_passes_over_nobody(product: Product, clock: time_machine.Traveller) -> None:
    clock.shift(timedelta(minutes=-5))
    for number in range(3):
        factories.payment(factories.order(product), state=Payment.State.CREATED, paypal_order_id=f"O{number}")
    clock.shift(timedelta(minutes=5))
    assert settle_open_payments(now=timezone.now()) == 3
    assert Payment.objects.filter(asked_at=timezone.now()).count() == 3


@pytest.mark.usefixtures("paypal_down")
def test_a_claim_is_not_prolonged_by_looking(payment: Payment, clock: time_machine.Traveller) -> None:
    claimed_at = payment.changed_at
    clock.shift(timedelta(minutes=1))
    settle_open_payments(now=timezone.now())
    payment.refresh_from_db()
    assert payment.changed_at == claimed_at


@pytest.mark.usefixtures("paypal_down")
def test_after_30_days_nobody_asks_any_more(payment: Payment, clock: time_machine.Traveller) -> None:
    clock.shift(timedelta(days=30) - timedelta(seconds=1))
    assert settle_open_payments(now=timezone.now()) == 1
    clock.shift(timedelta(seconds=1))
    assert settle_open_payments(now=timezone.now()) == 0
