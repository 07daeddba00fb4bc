"""Settles payments.

The buyer's return, webhook events and housekeeping all call `settle`. No lock is held while waiting for PayPal: a short
statement claims the payment, PayPal is called with an idempotency key, and the result is applied under a row lock,
unless another process has already done so.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from shop.discounts.places import HELD_FOR, return_places, use_places
from shop.models import Payment
from shop.paypal.errors import AlreadyCaptured, Conflict, Declined, Expired, Invalid, PayerActionRequired
from shop.paypal.gateway import gateway
from shop.paypal.turn import Turn
from shop.paypal.types import OrderState, OrderStatus
from shop.signals import payer_known

from .capture_booking import CAPTURED_STATUSES, apply_capture, capture_mismatch, record_problem

logger = logging.getLogger(__name__)

State = Payment.State
CLAIM_LIFE = timedelta(minutes=2)  # after this, an abandoned claim may be taken over
SETTLE_FOR = timedelta(days=30)  # pending payments may take days, none takes longer


def settle(*, payment: Payment) -> Payment:
    """Updates a payment from PayPal and captures it if approved. Raises `PayPalError` if PayPal can't be reached."""
    if payment.paypal_order_id is None:
        return payment
    if payment.capture_id:
        return apply_capture(payment=payment, capture=gateway().get_capture(payment.capture_id))
    try:
        remote = gateway().get_order(payment.paypal_order_id)
    except Expired:
        return _close_attempt(payment, State.EXPIRED)
    if remote.captures:
        return _apply_order(payment, remote)
    if remote.status is OrderStatus.VOIDED:
        return _close_attempt(payment, State.EXPIRED)
    if remote.status is OrderStatus.APPROVED:
        return _capture_once(payment, remote)
    payment.refresh_from_db()
    return payment


def _capture_once(payment: Payment, remote: OrderState) -> Payment:
    """Captures after comparing the approved amount with the order, so that no wrong amount is collected, and with the
    places of its discount codes, so that none is sold beyond its limit."""
    if wrong := capture_mismatch(payment, remote.total, remote.custom_id):
        return record_problem(payment, f"At PayPal the buyer approved {wrong}")
    if not use_places(order=payment.order, now=timezone.now()):
        return _close_attempt(payment, State.EXPIRED)
    if _claim_capture(payment, now=timezone.now()):
        return _capture_at_paypal(payment, str(payment.paypal_order_id))
    payment.refresh_from_db()
    return payment


def _claim_capture(payment: Payment, *, now: datetime) -> bool:
    """Claims the capture for this process, as long as the approval is the one that was read. The idempotency key would
    prevent a second capture anyway."""
    unchanged = Payment.objects.filter(pk=payment.pk, approval=payment.approval)
    waiting = unchanged.filter(state=State.CREATED)
    abandoned = unchanged.filter(state=State.CAPTURING, changed_at__lt=now - CLAIM_LIFE)
    return any(rows.update(state=State.CAPTURING, changed_at=now) for rows in (waiting, abandoned))


def _capture_at_paypal(payment: Payment, order_id: str) -> Payment:
    try:
        remote = gateway().capture_order(order_id=order_id, request_id=payment.capture_key)
    except (AlreadyCaptured, Conflict):
        remote = gateway().get_order(order_id)
    except PayerActionRequired:
        return _require_new_approval(payment)
    except Declined:
        return _close_attempt(payment, State.DECLINED)
    except Expired:
        return _close_attempt(payment, State.EXPIRED)
    except Invalid as error:
        return record_problem(payment, f"PayPal refused the capture: {', '.join(error.issues)}")
    return _apply_order(payment, remote)


def _apply_order(payment: Payment, remote: OrderState) -> Payment:
    if remote.captures:
        if remote.payer_email:
            payer_known.send(Payment, payment=payment, payer_email=remote.payer_email)
        first, *others = sorted(remote.captures, key=lambda capture: capture.status not in CAPTURED_STATUSES)
        payment = apply_capture(payment=payment, capture=first)
        for capture in others if payment.is_received else ():
            apply_capture(payment=payment, capture=capture)
        return payment
    payment.refresh_from_db()
    return payment


def _close_attempt(payment: Payment, state: State) -> Payment:
    """Closes an unpaid attempt; the order can be paid with another one. After a decline the buyer is still here."""
    now, running = timezone.now(), Payment.objects.filter(pk=payment.pk, state__in=[State.CREATED, State.CAPTURING])
    with transaction.atomic():
        if running.update(state=state, changed_at=now):
            return_places(order=payment.order, held_until=now + HELD_FOR if state == State.DECLINED else None)
    payment.refresh_from_db()
    return payment


def _require_new_approval(payment: Payment) -> Payment:
    """PayPal asked for another payment method: the next approval gets a new idempotency key."""
    now, capturing = timezone.now(), Payment.objects.filter(pk=payment.pk, state=State.CAPTURING)
    with transaction.atomic():
        if capturing.update(state=State.CREATED, approval=payment.approval + 1, changed_at=now):
            return_places(order=payment.order, held_until=now + HELD_FOR)
    payment.refresh_from_db()
    return payment


def settle_open_payments(*, now: datetime) -> int:
    """Settles open payments, as far as one turn goes. Returns the number checked."""
    turn, asked = Turn(), 0
    open_ones = Payment.objects.unsettled().filter(created_at__gt=now - SETTLE_FOR)
    for payment in turn.take(open_ones.longest_unasked_first()[:200]):
        Payment.objects.filter(pk=payment.pk).update(asked_at=now)
        with turn.ask(f"payment {payment.pk}"):
            settle(payment=payment)
        asked += 1
    return asked
