"""Payments are settled from wherever news comes first.

The buyer's return, PayPal's message and the regular look-up all call `settle`. No lock is ever held while PayPal is
asked: a payment is claimed in one short statement, PayPal is asked under a key that makes a repetition harmless, and
the answer is applied under a row lock that first looks whether somebody else has done so.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from django.utils import timezone

from shop.models import Payment
from shop.paypal.errors import AlreadyCaptured, Conflict, Declined, Expired, Invalid, PayerActionRequired, PayPalError
from shop.paypal.gateway import gateway
from shop.paypal.types import OrderState, OrderStatus
from shop.signals import payer_known

from .capture_booking import MONEY_CAME, apply_capture, difference, note_problem

logger = logging.getLogger(__name__)

State = Payment.State
CLAIM_LIFE = timedelta(minutes=2)  # after this, a claim whose process died may be taken over
LOOK_AGAIN_FOR = timedelta(days=30)  # pending payments take days; nothing stays open longer


def settle(*, payment: Payment) -> Payment:
    """Brings a payment in line with what PayPal knows. Raises `PayPalError` when that can't be learned now."""
    if payment.paypal_order_id is None:
        return payment
    if payment.capture_id:
        return apply_capture(payment=payment, capture=gateway().get_capture(payment.capture_id))
    try:
        remote = gateway().get_order(payment.paypal_order_id)
    except Expired:
        return _close(payment, State.EXPIRED)
    if remote.captures:
        return _apply_order(payment, remote)
    if remote.status is OrderStatus.VOIDED:
        return _close(payment, State.EXPIRED)
    if remote.status is OrderStatus.APPROVED:
        return _capture_once(payment, remote)
    payment.refresh_from_db()
    return payment


def _capture_once(payment: Payment, remote: OrderState) -> Payment:
    """What the buyer approved is compared with the order first, so that no wrong amount is ever collected."""
    if wrong := difference(payment, remote.total, remote.custom_id):
        return note_problem(payment, f"At PayPal the buyer approved {wrong}")
    if _claim(payment, now=timezone.now()):
        return _capture(payment)
    payment.refresh_from_db()
    return payment


def _claim(payment: Payment, *, now: datetime) -> bool:
    """Makes this process the one that captures. The key of the capture would catch a second one all the same."""
    waiting = Payment.objects.filter(pk=payment.pk, state=State.CREATED)
    abandoned = Payment.objects.filter(pk=payment.pk, state=State.CAPTURING, changed_at__lt=now - CLAIM_LIFE)
    return any(rows.update(state=State.CAPTURING, changed_at=now) for rows in (waiting, abandoned))


def _capture(payment: Payment) -> Payment:
    payment.refresh_from_db()
    order_id = payment.paypal_order_id or ""
    try:
        remote = gateway().capture_order(order_id=order_id, request_id=payment.capture_key)
    except (AlreadyCaptured, Conflict):
        remote = gateway().get_order(order_id)
    except PayerActionRequired:
        return _send_buyer_back(payment)
    except Declined:
        return _close(payment, State.DECLINED)
    except Expired:
        return _close(payment, State.EXPIRED)
    except Invalid as error:
        return note_problem(payment, f"PayPal refused the capture: {', '.join(error.issues)}")
    return _apply_order(payment, remote)


def _apply_order(payment: Payment, remote: OrderState) -> Payment:
    if remote.captures:
        if remote.payer_email:
            payer_known.send(Payment, payment=payment, payer_email=remote.payer_email)
        first, *others = sorted(remote.captures, key=lambda capture: capture.status not in MONEY_CAME)
        payment = apply_capture(payment=payment, capture=first)
        for capture in others if payment.is_received else ():
            apply_capture(payment=payment, capture=capture)
        return payment
    payment.refresh_from_db()
    return payment


def _close(payment: Payment, state: State) -> Payment:
    """Ends an attempt without money; the order can be paid by another."""
    Payment.objects.filter(pk=payment.pk, state__in=[State.CREATED, State.CAPTURING]).update(
        state=state, changed_at=timezone.now()
    )
    payment.refresh_from_db()
    return payment


def _send_buyer_back(payment: Payment) -> Payment:
    """PayPal wants another way to pay: the next approval gets a key of its own, because the old one is answered."""
    Payment.objects.filter(pk=payment.pk, state=State.CAPTURING).update(
        state=State.CREATED, approval=payment.approval + 1, changed_at=timezone.now()
    )
    payment.refresh_from_db()
    return payment


def settle_open_payments(*, now: datetime) -> int:
    """Asks PayPal about everything that is open. Returns how many were asked about."""
    asked = 0
    for payment in Payment.objects.unsettled().filter(created_at__gt=now - LOOK_AGAIN_FOR).order_by("changed_at")[:200]:
        try:
            settle(payment=payment)
        except PayPalError as error:
            logger.warning("payment %s is still unknown: %s", payment.pk, error)
        _go_to_the_end_of_the_queue(payment, now=now)
        asked += 1
    return asked


def _go_to_the_end_of_the_queue(payment: Payment, *, now: datetime) -> None:
    """So that the others get their turn. The time of a claim (CAPTURING) is left alone: it says when the claim ends."""
    waiting = Payment.objects.filter(pk=payment.pk, state__in=[State.CREATED, State.PENDING])
    waiting.update(changed_at=now)
