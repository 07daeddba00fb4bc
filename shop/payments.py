"""Payments: started once, settled from wherever news comes first.

The buyer's return, PayPal's message and the regular look-up all call `settle`. No lock is ever held while PayPal is
asked: a payment is claimed in one short statement, PayPal is asked under a key that makes a repetition harmless, and
the answer is applied under a row lock that first looks whether somebody else has done so.
"""

from __future__ import annotations

import logging
import time
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from privacy.mail import MailKind, MailRefused, queue_mail

from .mails import PAYMENT_DECLINED, RECEIPT
from .models import Order, Payment
from .money import Money
from .paypal.errors import (
    AlreadyCaptured,
    Conflict,
    Declined,
    Expired,
    Invalid,
    PayerActionRequired,
    PayPalError,
)
from .paypal.gateway import gateway
from .paypal.types import CaptureState, CaptureStatus, OrderItem, OrderState, OrderStatus
from .signals import payer_known, payment_captured

logger = logging.getLogger(__name__)

State = Payment.State
CLAIM_LIFE = timedelta(minutes=2)  # after this, a claim whose process died may be taken over
LOOK_AGAIN_FOR = timedelta(days=30)  # pending payments take days; nothing stays open longer
MONEY_CAME = {CaptureStatus.COMPLETED, CaptureStatus.PARTIALLY_REFUNDED, CaptureStatus.REFUNDED}
INVOICE_IS_PAID = "DUPLICATE_INVOICE_ID"
PAUSES = (0.2, 0.4, 0.8, 1.6)  # seconds that a second click waits for what the first one is starting at PayPal


class PaymentUnavailable(Exception):
    """PayPal can't be reached or won't take the order now. The order is kept and can be paid later."""


def start_payment(*, order: Order) -> str:
    """The address where the buyer approves. Repeating it gives the same PayPal order. Raises `PaymentUnavailable`."""
    payment = _running_payment(order)
    try:
        return _approve_url(payment)
    except PayPalError as error:
        logger.warning("payment %s could not be started: %s", payment.pk, error)
        raise PaymentUnavailable from error


def _approve_url(payment: Payment) -> str:
    """Waits a moment while PayPal still works on the same request of another click."""
    for pause in PAUSES:
        if payment.approve_url:
            return payment.approve_url
        try:
            return _create_at_paypal(payment)
        except Conflict as error:
            if INVOICE_IS_PAID in error.issues:
                _note_problem(payment, "PayPal says that the invoice of this payment is already paid")
                raise
        time.sleep(pause)
        payment.refresh_from_db()
    return payment.approve_url or _create_at_paypal(payment)


def _create_at_paypal(payment: Payment) -> str:
    order = payment.order
    created = gateway().create_order(
        request_id=payment.create_key,
        reference_id=str(payment.pk),
        invoice_id=f"{order.reference}-{payment.attempt}",
        description=order.product_name,
        total=payment.total,
        items=(OrderItem(name=order.product_name, unit_amount=payment.total),),
        return_url=f"{settings.SITE_URL}/checkout/return/",
        cancel_url=f"{settings.SITE_URL}{order.get_absolute_url()}",
    )
    Payment.objects.filter(pk=payment.pk, state=State.NEW).update(
        state=State.CREATED, paypal_order_id=created.id, approve_url=created.approve_url, changed_at=timezone.now()
    )
    return created.approve_url


@transaction.atomic
def _running_payment(order: Order) -> Payment:
    """The order's payment that can still succeed, made if there is none."""
    order = Order.objects.select_for_update().get(pk=order.pk)
    running = order.payments.exclude(state__in=Payment.OVER).first()
    return running or Payment.objects.create(
        order=order, attempt=order.payments.count() + 1, amount_minor=order.amount_minor, currency=order.currency
    )


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
    if difference := _difference(payment, remote.total, remote.custom_id):
        return _note_problem(payment, f"At PayPal the buyer approved {difference}")
    if _claim(payment, now=timezone.now()):
        return _capture(payment)
    payment.refresh_from_db()
    return payment


def _difference(payment: Payment, amount: Money, number: str | None) -> str:
    """What PayPal has that is not this payment's; empty where all is as it should be."""
    if amount != payment.total:
        return f"{amount} instead of {payment.total}"
    return "" if number in {None, str(payment.pk)} else f"{amount} under the number of something else"


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
        return _note_problem(payment, f"PayPal refused the capture: {', '.join(error.issues)}")
    return _apply_order(payment, remote)


def _apply_order(payment: Payment, remote: OrderState) -> Payment:
    if remote.captures:
        if remote.payer_email:
            payer_known.send(Payment, payment=payment, payer_email=remote.payer_email)
        return apply_capture(payment=payment, capture=remote.captures[0])
    payment.refresh_from_db()
    return payment


def apply_capture(*, payment: Payment, capture: CaptureState) -> Payment:
    """Writes down what PayPal says of the capture. The first "completed" books the money; others find it done."""
    with transaction.atomic():
        # The order first: `start_payment` takes its locks in the same sequence.
        order = Order.objects.select_for_update().get(pk=payment.order_id)
        payment = Payment.objects.select_for_update().get(pk=payment.pk)
        payment.order = order
        if payment.state in Payment.RECEIVED:
            return payment
        if difference := _difference(payment, capture.amount, capture.custom_id):
            return _note_problem(payment, f"PayPal collected {difference}")
        if payment.state in Payment.OVER and not _revives(payment, capture):
            return payment
        payment.capture_id = capture.id
        _book(payment, capture.status)
    return payment


def _revives(payment: Payment, capture: CaptureState) -> bool:
    """Whether an attempt that was over brought money after all. Late news without money changes nothing."""
    if capture.status not in MONEY_CAME:
        return False
    if payment.order.payments.exclude(state__in=Payment.OVER).exists():
        _note_problem(payment, f"PayPal collected {capture.amount} although this attempt was over: refund it at PayPal")
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
            _mail(PAYMENT_DECLINED, payment.order)


def _book_received(payment: Payment) -> None:
    order = payment.order
    payment.state, payment.problem = State.PAID, ""
    order.state, order.paid_at = Order.State.PAID, timezone.now()
    _save(payment)
    _mail(RECEIPT, order)
    payment_captured.send(Payment, payment=payment)


def _mail(kind: MailKind, order: Order) -> None:
    """What happened is booked whether or not a mail may go."""
    if order.email is None:
        return
    try:
        queue_mail(kind, to=order.email, about=order, context={})
    except MailRefused as refusal:
        logger.info("no %s for %s: %s", kind.template, order, refusal)


def _save(payment: Payment) -> None:
    payment.save(update_fields=["state", "capture_id", "problem", "changed_at"])
    payment.order.save(update_fields=["state", "paid_at"])


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


def _note_problem(payment: Payment, problem: str) -> Payment:
    logger.error("payment %s: %s", payment.pk, problem)
    Payment.objects.filter(pk=payment.pk).update(problem=problem[:200], changed_at=timezone.now())
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
