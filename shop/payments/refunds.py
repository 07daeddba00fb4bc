"""Refunds: asked for by staff, or seen at PayPal; each is booked once, by its own amount."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from privacy.admin_base.refusals import ActionRefused
from privacy.audit.trail import record
from privacy.encryption.models import uuid7
from privacy.registry.expiring import is_ahead
from shop.models import Payment, Refund
from shop.money import Money
from shop.paypal.errors import Invalid, PayPalError
from shop.paypal.gateway import gateway
from shop.paypal.types import RefundState, RefundStatus

from .capture_lookup import payment_of_capture
from .refund_booking import book, lock, note_problem, undo
from .refund_errors import refusal_text

if TYPE_CHECKING:
    from accounts.models import User

logger = logging.getLogger(__name__)

State = Refund.State
UNDONE = {RefundStatus.FAILED, RefundStatus.CANCELLED}
LOOK_EVERY = timedelta(minutes=10)  # a pending refund takes days


class FormUsedBefore(ActionRefused):
    """The form's number stands for another refund: of this payment or of another one."""


def refund_payment(*, payment: Payment, amount: Money, actor: User | None, number: UUID | None = None) -> Refund:
    """Gives `amount` back through PayPal. Raises `ActionRefused`.

    `number` is the form's: pressing its button twice makes one refund, and the second press finds it; another amount
    or payment under the same number raises `FormUsedBefore`. When PayPal does not answer, the refund stays NEW and
    `finish_open_refunds` repeats it under the same key.
    """
    refund, is_new = _prepare(payment, amount, actor, number or uuid7())
    return _send(refund) if is_new else refund


@transaction.atomic
def _prepare(payment: Payment, amount: Money, actor: User | None, number: UUID) -> tuple[Refund, bool]:
    payment = Payment.objects.select_for_update().get(pk=payment.pk)
    if earlier := Refund.objects.filter(pk=number).first():
        if (earlier.payment_id, earlier.total) != (payment.pk, amount):
            whose = "" if earlier.payment_id == payment.pk else " of another payment"
            raise FormUsedBefore(f"This form was already used for a refund of {earlier.total}{whose}.")
        return earlier, False
    _check(payment, amount)
    refund = Refund.objects.create(
        id=number, payment=payment, amount_minor=amount.minor, currency=amount.currency, requested_by=actor
    )
    record(action="shop.refund.requested", about=refund, actor=actor)
    return refund, True


def _check(payment: Payment, amount: Money) -> None:
    if payment.capture_id is None or payment.state not in {Payment.State.PAID, Payment.State.PART_REFUNDED}:
        raise ActionRefused("Only a payment that has arrived can be refunded.")
    if payment.is_disputed:
        raise ActionRefused(
            "This payment is disputed. Answer the dispute at PayPal: a refund from here could pay the buyer twice."
        )
    if amount.minor <= 0 or amount > payment.unclaimed:
        raise ActionRefused(f"At most {payment.unclaimed} of this payment can be refunded.")


def _send(refund: Refund) -> Refund:
    try:
        remote = gateway().refund_capture(
            capture_id=refund.payment.capture_id or "",
            request_id=refund.request_key,
            amount=refund.total,
            custom_id=str(refund.pk),
        )
    except Invalid as error:
        Refund.objects.filter(pk=refund.pk, state=State.NEW).update(state=State.FAILED)
        raise ActionRefused(refusal_text(error.issues)) from error
    except PayPalError as error:
        logger.warning("refund %s is unknown: %s", refund.pk, error)
        raise ActionRefused("PayPal did not answer. The refund is kept and tried again by itself.") from error
    return apply_refund(refund=refund, remote=remote)


@transaction.atomic
def apply_refund(*, refund: Refund, remote: RefundState) -> Refund:
    """Brings a refund in line with what PayPal says of it; found in line, it changes nothing."""
    payment = lock(refund.payment_id)
    refund = Refund.objects.select_for_update().get(pk=refund.pk)
    refund.payment = payment
    before, refund.paypal_refund_id, refund.looked_at = refund.state, remote.id, timezone.now()
    _follow(refund, remote)
    refund.save(update_fields=["state", "paypal_refund_id", "completed_at", "looked_at"])
    if refund.state != before:
        record(action=f"shop.refund.{refund.state}", about=refund, actor=None)
    return refund


def _follow(refund: Refund, remote: RefundState) -> None:
    """UNDONE is the end: only a dispute that was won, or PayPal's own word, leads there."""
    if refund.state == State.COMPLETED and remote.status in UNDONE:
        undo(refund)
    elif refund.state in {State.COMPLETED, State.UNDONE}:
        return
    elif remote.status is RefundStatus.COMPLETED and _fits(refund, remote):
        book(refund)
    elif remote.status in UNDONE:
        refund.state = State.FAILED
    else:
        refund.state = State.PENDING


def _fits(refund: Refund, remote: RefundState) -> bool:
    """More than was paid, or another amount than was asked for, is not booked but shown to staff."""
    payment = refund.payment
    if remote.amount == refund.total and refund.total <= payment.refundable:
        return True
    note_problem(payment, f"PayPal gave back {remote.amount}; here {refund.total} of {payment.refundable} was expected")
    return False


def adopt_refund(*, paypal_refund_id: str, source: Refund.Source = Refund.Source.PAYPAL) -> Refund:
    """A refund that PayPal tells of: ours, or one made at PayPal's side, which gets a row of this source.

    Raises `PaymentUnknown` for money that is not booked here, and `PayPalError`.
    """
    remote = gateway().get_refund(paypal_refund_id)
    payment = payment_of_capture(remote.capture_id or "")
    return apply_refund(refund=_row_of(remote, payment, source), remote=remote)


@transaction.atomic
def _row_of(remote: RefundState, payment: Payment, source: Refund.Source) -> Refund:
    payment = Payment.objects.select_for_update().get(pk=payment.pk)
    known = payment.refunds.filter(paypal_refund_id=remote.id).first() or _nameless_row_of(remote, payment)
    return known or Refund.objects.create(
        payment=payment,
        source=source,
        amount_minor=remote.amount.minor,
        currency=remote.amount.currency,
        paypal_refund_id=remote.id,
        created_at=remote.created_at or timezone.now(),  # PayPal's own time: a dispute opened later did not take it
    )


def _nameless_row_of(remote: RefundState, payment: Payment) -> Refund | None:
    """Ours, whose answer was lost; or what a dispute took, booked from its outcome before PayPal told of the money."""
    nameless = payment.refunds.filter(paypal_refund_id=None)
    if remote.custom_id is None:  # an old answer without our number: the amount tells
        ours = nameless.filter(state=State.NEW, amount_minor=remote.amount.minor)
    else:
        ours = nameless.filter(pk=remote.custom_id) if _is_uuid(remote.custom_id) else nameless.none()
    return ours.first() or nameless.filter(source=Refund.Source.CHARGEBACK, amount_minor=remote.amount.minor).first()


def _is_uuid(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True


def finish_open_refunds() -> int:
    """Repeats refunds that PayPal never answered, and looks after pending ones. Returns how many."""
    now = timezone.now()
    looked_lately = Q(state=State.PENDING, looked_at__gt=now - LOOK_EVERY) & ~is_ahead("looked_at", now)
    waiting = Refund.objects.filter(state__in=Refund.UNDER_WAY).exclude(looked_lately)
    refunds = list(waiting.select_related("payment").order_by(F("looked_at").asc(nulls_first=True))[:200])
    for refund in refunds:
        _finish(refund)
    return len(refunds)


def _finish(refund: Refund) -> None:
    try:
        if refund.paypal_refund_id:
            apply_refund(refund=refund, remote=gateway().get_refund(refund.paypal_refund_id))
        else:
            _send(refund)
    except (ActionRefused, PayPalError) as error:
        logger.warning("refund %s is still open: %s", refund.pk, error)
        Refund.objects.filter(pk=refund.pk).update(looked_at=timezone.now())
