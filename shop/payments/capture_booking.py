"""Applies a capture's state to its payment and order: compared first, then recorded once, under the order's lock."""

from __future__ import annotations

import logging

from django.db import transaction
from django.utils import timezone

from shop.discounts.places import HELD_FOR, record_use, return_places
from shop.mails import PAYMENT_DECLINED, RECEIPT, mail_buyer
from shop.models import Order, Payment
from shop.money import Money
from shop.paypal.types import CaptureState, CaptureStatus
from shop.signals import payment_captured

from .extra_captures import record_extra_capture

logger = logging.getLogger(__name__)

State = Payment.State
CAPTURED_STATUSES = {CaptureStatus.COMPLETED, CaptureStatus.PARTIALLY_REFUNDED, CaptureStatus.REFUNDED}


def apply_capture(*, payment: Payment, capture: CaptureState) -> Payment:
    """Applies the capture. The first completed one marks the order as paid; repetitions change nothing."""
    with transaction.atomic():
        # Lock the order first, like `start_payment`.
        orders = Order.objects.select_for_update(of=("self",)).select_related("product")  # which the receipt names
        order = orders.get(pk=payment.order_id)
        payment = Payment.objects.select_for_update().get(pk=payment.pk)
        payment.order = order
        if payment.state in Payment.RECEIVED:
            if capture.status in CAPTURED_STATUSES and capture.id != payment.capture_id:
                record_extra_capture(payment=payment, capture=capture)
            return payment
        if wrong := capture_mismatch(payment, capture.amount, capture.custom_id):
            return record_problem(payment, f"PayPal collected {wrong}")
        if payment.state in Payment.UNSUCCESSFUL and not _is_late_payment(payment, capture):
            return payment
        payment.capture_id = capture.id
        _apply_status(payment, capture.status)
    return payment


def _is_late_payment(payment: Payment, capture: CaptureState) -> bool:
    """Whether an ended attempt was captured after all. Late events without money change nothing."""
    if capture.status not in CAPTURED_STATUSES:
        return False
    if payment.order.payments.filter(state__in=Payment.RECEIVED).exists():
        record_extra_capture(payment=payment, capture=capture)
        return False
    if payment.order.payments.exclude(state__in=Payment.UNSUCCESSFUL).exists():
        record_problem(
            payment, f"PayPal collected {capture.amount} although this attempt had ended: refund it at PayPal"
        )
        return False
    return True


def _apply_status(payment: Payment, status: CaptureStatus) -> None:
    if status in CAPTURED_STATUSES:
        mark_paid(payment)
    elif status is CaptureStatus.PENDING:
        payment.state, payment.order.state = State.PENDING, Order.State.PENDING
        _save_states(payment)
    elif status in {CaptureStatus.DECLINED, CaptureStatus.FAILED}:
        was_pending = payment.state == State.PENDING
        payment.state, payment.order.state = State.DECLINED, Order.State.OPEN
        _save_states(payment)
        return_places(order=payment.order, held_until=timezone.now() + HELD_FOR)
        if was_pending:  # the buyer is no longer on the site
            mail_buyer(PAYMENT_DECLINED, payment.order)


def mark_paid(payment: Payment) -> None:
    """Delivers the order. The caller holds its lock."""
    order, is_claimed = payment.order, payment.state == State.CAPTURING  # with the places of its discount codes
    payment.state, payment.problem = State.PAID, ""
    order.state, order.paid_at = Order.State.PAID, timezone.now()
    _save_states(payment)
    if not is_claimed:
        record_use(order=order)
    mail_buyer(RECEIPT, order)
    payment_captured.send(Payment, payment=payment)


def _save_states(payment: Payment) -> None:
    payment.save(update_fields=["state", "capture_id", "problem", "changed_at"])
    payment.order.save(update_fields=["state", "paid_at"])


def capture_mismatch(payment: Payment, amount: Money, number: str | None) -> str:
    """Mismatches with this payment; empty if none."""
    if amount != payment.total:
        return f"{amount} instead of {payment.total}"
    return "" if number in {None, str(payment.pk)} else f"{amount} under another custom_id"


def record_problem(payment: Payment, problem: str) -> Payment:
    logger.error("payment %s: %s", payment.pk, problem)
    Payment.objects.filter(pk=payment.pk).update(problem=problem[:200], changed_at=timezone.now())
    payment.refresh_from_db()
    return payment
