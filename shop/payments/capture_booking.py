"""What PayPal says of a capture is written down: compared first, then booked once, under the order's lock."""

from __future__ import annotations

import logging

from django.db import transaction
from django.utils import timezone

from shop.mails import PAYMENT_DECLINED, RECEIPT, mail_buyer
from shop.models import Order, Payment
from shop.money import Money
from shop.paypal.types import CaptureState, CaptureStatus
from shop.signals import payment_captured

from .extra_captures import note_extra_capture

logger = logging.getLogger(__name__)

State = Payment.State
MONEY_CAME = {CaptureStatus.COMPLETED, CaptureStatus.PARTIALLY_REFUNDED, CaptureStatus.REFUNDED}


def apply_capture(*, payment: Payment, capture: CaptureState) -> Payment:
    """Writes down what PayPal says of the capture. The first "completed" books the money; others find it done."""
    with transaction.atomic():
        # The order first: `start_payment` takes its locks in the same sequence.
        order = Order.objects.select_for_update().get(pk=payment.order_id)
        payment = Payment.objects.select_for_update().get(pk=payment.pk)
        payment.order = order
        if payment.state in Payment.RECEIVED:
            if capture.status in MONEY_CAME and capture.id != payment.capture_id:
                note_extra_capture(payment=payment, capture=capture)
            return payment
        if wrong := difference(payment, capture.amount, capture.custom_id):
            return note_problem(payment, f"PayPal collected {wrong}")
        if payment.state in Payment.OVER and not _revives(payment, capture):
            return payment
        payment.capture_id = capture.id
        _book(payment, capture.status)
    return payment


def _revives(payment: Payment, capture: CaptureState) -> bool:
    """Whether an attempt that was over brought money after all. Late news without money changes nothing."""
    if capture.status not in MONEY_CAME:
        return False
    if payment.order.payments.filter(state__in=Payment.RECEIVED).exists():
        note_extra_capture(payment=payment, capture=capture)
        return False
    if payment.order.payments.exclude(state__in=Payment.OVER).exists():
        note_problem(payment, f"PayPal collected {capture.amount} although this attempt was over: refund it at PayPal")
        return False
    return True


def _book(payment: Payment, status: CaptureStatus) -> None:
    if status in MONEY_CAME:
        _book_received(payment)
    elif status is CaptureStatus.PENDING:
        payment.state, payment.order.state = State.PENDING, Order.State.PENDING
        _save(payment)
    elif status in {CaptureStatus.DECLINED, CaptureStatus.FAILED}:
        was_pending = payment.state == State.PENDING
        payment.state, payment.order.state = State.DECLINED, Order.State.OPEN
        _save(payment)
        if was_pending:  # its buyer has left, and would wait for days
            mail_buyer(PAYMENT_DECLINED, payment.order)


def _book_received(payment: Payment) -> None:
    order = payment.order
    payment.state, payment.problem = State.PAID, ""
    order.state, order.paid_at = Order.State.PAID, timezone.now()
    _save(payment)
    mail_buyer(RECEIPT, order)
    payment_captured.send(Payment, payment=payment)


def _save(payment: Payment) -> None:
    payment.save(update_fields=["state", "capture_id", "problem", "changed_at"])
    payment.order.save(update_fields=["state", "paid_at"])


def difference(payment: Payment, amount: Money, number: str | None) -> str:
    """What PayPal has that is not this payment's; empty where all is as it should be."""
    if amount != payment.total:
        return f"{amount} instead of {payment.total}"
    return "" if number in {None, str(payment.pk)} else f"{amount} under the number of something else"


def note_problem(payment: Payment, problem: str) -> Payment:
    logger.error("payment %s: %s", payment.pk, problem)
    Payment.objects.filter(pk=payment.pk).update(problem=problem[:200], changed_at=timezone.now())
    payment.refresh_from_db()
    return payment
