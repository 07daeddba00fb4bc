"""Refunds: asked for by staff, or seen at PayPal; each is booked once, by its own amount."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import Sum
from django.utils import timezone

from privacy.mail import MailRefused, queue_mail

from .mails import REFUND_MADE
from .models import Order, Payment, Refund
from .money import Money
from .paypal.errors import Invalid, PayPalError
from .paypal.gateway import gateway
from .paypal.types import RefundState, RefundStatus
from .signals import payment_refunded

if TYPE_CHECKING:
    from accounts.models import User

logger = logging.getLogger(__name__)

State = Refund.State


class RefundRefused(Exception):
    """The refund can't be made; the text tells staff why."""


def refund_payment(*, payment: Payment, amount: Money, requested_by: User | None) -> Refund:
    """Gives `amount` back through PayPal. Raises `RefundRefused`.

    When PayPal does not answer, the refund stays NEW and `finish_open_refunds` repeats it under the same key.
    """
    refund = _prepare(payment, amount, requested_by)
    return _send(refund)


@transaction.atomic
def _prepare(payment: Payment, amount: Money, requested_by: User | None) -> Refund:
    payment = Payment.objects.select_for_update().get(pk=payment.pk)
    under_way = payment.refunds.filter(state__in=[State.NEW, State.PENDING]).aggregate(sum=Sum("amount_minor"))["sum"]
    available = payment.refundable - Money(under_way or 0, payment.currency)
    if payment.capture_id is None or payment.state not in {Payment.State.PAID, Payment.State.PART_REFUNDED}:
        raise RefundRefused("Only a payment that has arrived can be refunded.")
    if amount.minor <= 0 or amount > available:
        raise RefundRefused(f"At most {available} of this payment can be refunded.")
    return Refund.objects.create(
        payment=payment, amount_minor=amount.minor, currency=amount.currency, requested_by=requested_by
    )


def _send(refund: Refund) -> Refund:
    try:
        remote = gateway().refund_capture(
            capture_id=refund.payment.capture_id or "", request_id=refund.request_key, amount=refund.total, note=""
        )
    except Invalid as error:
        Refund.objects.filter(pk=refund.pk, state=State.NEW).update(state=State.FAILED)
        raise RefundRefused(f"PayPal refused the refund: {', '.join(error.issues)}") from error
    except PayPalError as error:
        logger.warning("refund %s is unknown: %s", refund.pk, error)
        raise RefundRefused("PayPal did not answer. The refund is kept and tried again by itself.") from error
    return apply_refund(refund=refund, remote=remote)


@transaction.atomic
def apply_refund(*, refund: Refund, remote: RefundState) -> Refund:
    """Books what PayPal says of this refund; found booked, it changes nothing."""
    # The order first, then the payment: `shop.payments` takes its locks in the same sequence.
    order = Order.objects.select_for_update().get(payments=refund.payment_id)
    payment = Payment.objects.select_for_update().get(pk=refund.payment_id)
    payment.order = order
    refund = Refund.objects.select_for_update().get(pk=refund.pk)
    refund.payment = payment
    if refund.state == State.COMPLETED:
        return refund
    refund.paypal_refund_id = remote.id
    if remote.status is RefundStatus.COMPLETED:
        _book(refund)
    elif remote.status in {RefundStatus.FAILED, RefundStatus.CANCELLED}:
        refund.state = State.FAILED
    else:
        refund.state = State.PENDING
    refund.save(update_fields=["state", "paypal_refund_id", "completed_at"])
    return refund


def _book(refund: Refund) -> None:
    payment, order = refund.payment, refund.payment.order
    refund.state, refund.completed_at = State.COMPLETED, timezone.now()
    payment.refunded_minor += refund.amount_minor
    everything = payment.refunded_minor == payment.amount_minor
    payment.state = Payment.State.REFUNDED if everything else Payment.State.PART_REFUNDED
    order.state = Order.State.REFUNDED if everything else Order.State.PART_REFUNDED
    payment.save(update_fields=["refunded_minor", "state", "changed_at"])
    order.save(update_fields=["state"])
    _mail_notice(order, refund)
    payment_refunded.send(Payment, payment=payment, refund=refund)


def _mail_notice(order: Order, refund: Refund) -> None:
    """The refund is booked whether or not a mail may go."""
    if order.email is None:
        return
    try:
        queue_mail(REFUND_MADE, to=order.email, about=order, context={"refund": refund})
    except MailRefused as refusal:
        logger.info("no notice of %s: %s", refund, refusal)


def adopt_refund(*, paypal_refund_id: str) -> Refund | None:
    """A refund that PayPal tells of: ours, or one made at PayPal's side, which gets a row here."""
    remote = gateway().get_refund(paypal_refund_id)
    refund = _known_refund(remote)
    return apply_refund(refund=refund, remote=remote) if refund else None


@transaction.atomic
def _known_refund(remote: RefundState) -> Refund | None:
    known = Refund.objects.filter(paypal_refund_id=remote.id).first()
    payment = Payment.objects.select_for_update().filter(capture_id=remote.capture_id).first()
    if known or payment is None:
        return known
    # Ours may have been sent without its answer arriving; the amount tells, because a payment's refunds run one by one.
    ours = payment.refunds.filter(state=State.NEW, amount_minor=remote.amount.minor).first()
    return ours or Refund.objects.create(
        payment=payment,
        source=Refund.Source.PAYPAL,
        amount_minor=remote.amount.minor,
        currency=remote.amount.currency,
        paypal_refund_id=remote.id,
    )


def finish_open_refunds() -> int:
    """Repeats refunds that PayPal never answered, and looks after pending ones. Returns how many."""
    open_refunds = list(Refund.objects.filter(state__in=[State.NEW, State.PENDING]).select_related("payment")[:200])
    for refund in open_refunds:
        try:
            if refund.paypal_refund_id:
                apply_refund(refund=refund, remote=gateway().get_refund(refund.paypal_refund_id))
            else:
                _send(refund)
        except (RefundRefused, PayPalError) as error:
            logger.warning("refund %s is still open: %s", refund.pk, error)
    return len(open_refunds)
