"""Refunds: asked for by staff, or seen at PayPal; each is booked once, by its own amount."""

from __future__ import annotations

import logging
from dataclasses import dataclass
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
from shop.models import Payment, Refund, RefundReason
from shop.money import Money
from shop.paypal.errors import Invalid, PayPalError
from shop.paypal.gateway import gateway
from shop.paypal.turn import Turn
from shop.paypal.types import RefundState, RefundStatus

from .capture_lookup import payment_of_capture
from .refund_booking import complete_refund, lock_payment, record_problem, revert_refund
from .refund_errors import refusal_text

if TYPE_CHECKING:
    from accounts.models import User

logger = logging.getLogger(__name__)

State = Refund.State
REVERTED_STATUSES = {RefundStatus.FAILED, RefundStatus.CANCELLED}
CHECK_EVERY = timedelta(minutes=10)  # pending refunds take days


class FormUsedBefore(ActionRefused):
    """The form was already used for another refund."""


@dataclass(frozen=True, kw_only=True)
class RefundTerms:
    """What staff decide with a refund beside its amount: why, whether the buyer reads that, and whether license and
    downloads stay (None: they end with a full refund only)."""

    reason: str = ""
    mail_reason: bool = False
    keeps_license: bool | None = None


def refund_payment(
    *,
    payment: Payment,
    amount: Money,
    actor: User | None,
    number: UUID | None = None,
    terms: RefundTerms | None = None,
) -> Refund:
    """Gives `amount` back through PayPal. Raises `ActionRefused`.

    `number` is the form's idempotency key: pressing the button twice makes one refund; another amount or payment with
    the same number raises `FormUsedBefore`. If PayPal doesn't answer, the refund stays NEW and `finish_open_refunds`
    retries it with the same key.
    """
    refund, is_new = _get_or_create_refund(payment, amount, actor, number or uuid7(), terms or RefundTerms())
    return _send_refund(refund) if is_new else refund


@transaction.atomic
def _get_or_create_refund(
    payment: Payment, amount: Money, actor: User | None, number: UUID, terms: RefundTerms
) -> tuple[Refund, bool]:
    payment = Payment.objects.select_for_update().get(pk=payment.pk)
    if earlier := Refund.objects.filter(pk=number).first():
        if (earlier.payment_id, earlier.total) != (payment.pk, amount):
            whose = "" if earlier.payment_id == payment.pk else " of another payment"
            raise FormUsedBefore(f"This form was already used for a refund of {earlier.total}{whose}.")
        return earlier, False
    _check_refundable(payment, amount)
    refund = Refund.objects.create(
        id=number,
        payment=payment,
        amount_minor=amount.minor,
        currency=amount.currency,
        requested_by=actor,
        keeps_license=terms.keeps_license,
    )
    # After an erasure nobody could find the text again to delete it.
    if terms.reason and not payment.order.is_erased:
        RefundReason.objects.create(refund=refund, text=terms.reason, is_mailed=terms.mail_reason)
    record(action="shop.refund.requested", about=refund, actor=actor)
    return refund, True


def _check_refundable(payment: Payment, amount: Money) -> None:
    if obstacle := obstacle_to_refund(payment):
        raise ActionRefused(obstacle)
    if amount.minor <= 0 or amount > payment.available_to_refund:
        raise ActionRefused(f"At most {payment.available_to_refund} of this payment can be refunded.")


def obstacle_to_refund(payment: Payment) -> str:
    """Why nothing of this payment can be refunded from here now, for staff; empty if it can."""
    if not payment.amount_minor:
        return "The discount covered the price: nothing was paid, so there is nothing to refund."
    if payment.state == Payment.State.REFUNDED:
        return f"All of this payment, {payment.total}, is refunded."
    if payment.capture_id is None or payment.state not in {Payment.State.PAID, Payment.State.PART_REFUNDED}:
        return f"Only a captured payment can be refunded. This one is: {payment.get_state_display()}."
    if payment.is_disputed:
        return "This payment is disputed. Respond to the dispute at PayPal: a refund from here could pay twice."
    if not payment.available_to_refund.minor:
        return f"All of this payment, {payment.total}, is refunded or on its way to the buyer."
    return ""


def _send_refund(refund: Refund) -> Refund:
    try:
        remote = _ask_for_refund(refund)
    except PayPalError as error:
        logger.warning("refund %s is unknown: %s", refund.pk, error)
        raise ActionRefused("PayPal did not answer. The refund is saved and will be retried automatically.") from error
    return apply_refund(refund=refund, remote=remote)


def _ask_for_refund(refund: Refund) -> RefundState:
    """Raises `ActionRefused` if PayPal refuses, and another `PayPalError` while the outcome is unknown."""
    try:
        return gateway().refund_capture(
            capture_id=refund.payment.capture_id or "",
            request_id=refund.request_key,
            amount=refund.total,
            custom_id=str(refund.pk),
        )
    except Invalid as error:
        Refund.objects.filter(pk=refund.pk, state=State.NEW).update(state=State.FAILED)
        raise ActionRefused(refusal_text(error.issues)) from error


@transaction.atomic
def apply_refund(*, refund: Refund, remote: RefundState) -> Refund:
    """Applies PayPal's state to a refund. Idempotent."""
    payment = lock_payment(refund.payment_id)
    refund = Refund.objects.select_for_update().get(pk=refund.pk)
    refund.payment = payment
    before, refund.paypal_refund_id, refund.checked_at = refund.state, remote.id, timezone.now()
    _apply_status(refund, remote)
    refund.save(update_fields=["state", "paypal_refund_id", "completed_at", "checked_at"])
    if refund.state != before:
        record(action=f"shop.refund.{refund.state}", about=refund, actor=None)
    return refund


def _apply_status(refund: Refund, remote: RefundState) -> None:
    """REVERTED is final: it follows a dispute that was won, or PayPal's own report."""
    if refund.state == State.COMPLETED and remote.status in REVERTED_STATUSES:
        revert_refund(refund)
    elif refund.state in {State.COMPLETED, State.REVERTED}:
        return
    elif remote.status is RefundStatus.COMPLETED and _is_expected_amount(refund, remote):
        complete_refund(refund)
    elif remote.status in REVERTED_STATUSES:
        refund.state = State.FAILED
    else:
        refund.state = State.PENDING


def _is_expected_amount(refund: Refund, remote: RefundState) -> bool:
    """An unexpected amount, or one above the payment, is not recorded but shown to staff."""
    payment = refund.payment
    if remote.amount == refund.total and refund.total <= payment.refundable:
        return True
    record_problem(
        payment, f"PayPal returned {remote.amount}; here {refund.total} of {payment.refundable} was expected"
    )
    return False


def import_refund(*, paypal_refund_id: str, source: Refund.Source = Refund.Source.PAYPAL) -> Refund:
    """Records a refund known to PayPal: our own, or one made at PayPal, which gets a row with this source.

    Raises `PaymentUnknown` for a capture that isn't recorded here, and `PayPalError`.
    """
    remote = gateway().get_refund(paypal_refund_id)
    payment = payment_of_capture(remote.capture_id or "")
    return apply_refund(refund=_get_or_create_row(remote, payment, source), remote=remote)


@transaction.atomic
def _get_or_create_row(remote: RefundState, payment: Payment, source: Refund.Source) -> Refund:
    payment = Payment.objects.select_for_update().get(pk=payment.pk)
    known = payment.refunds.filter(paypal_refund_id=remote.id).first() or _row_without_paypal_id(remote, payment)
    return known or Refund.objects.create(
        payment=payment,
        source=source,
        amount_minor=remote.amount.minor,
        currency=remote.amount.currency,
        paypal_refund_id=remote.id,
        created_at=remote.created_at or timezone.now(),  # PayPal's time, to tell it from refunds after a later dispute
    )


def _row_without_paypal_id(remote: RefundState, payment: Payment) -> Refund | None:
    """A row without PayPal's id: our own refund whose response was lost, or a chargeback recorded from a dispute's
    outcome."""
    nameless = payment.refunds.filter(paypal_refund_id=None)
    if remote.custom_id is None:  # a response without our id: match by amount
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
    """Retries refunds without a response from PayPal and checks pending ones. Returns their number."""
    now = timezone.now()
    checked_recently = Q(state=State.PENDING, checked_at__gt=now - CHECK_EVERY) & ~is_ahead("checked_at", now)
    waiting = Refund.objects.filter(state__in=Refund.IN_PROGRESS).exclude(checked_recently)
    turn, asked = Turn(), 0
    for refund in turn.take(waiting.select_related("payment").order_by(F("checked_at").asc(nulls_first=True))[:200]):
        Refund.objects.filter(pk=refund.pk).update(checked_at=now)
        with turn.ask(f"refund {refund.pk}", ActionRefused):
            _retry_refund(refund)
        asked += 1
    return asked


def _retry_refund(refund: Refund) -> None:
    """Raises `ActionRefused` and `PayPalError`."""
    if refund.paypal_refund_id:
        apply_refund(refund=refund, remote=gateway().get_refund(refund.paypal_refund_id))
    else:
        apply_refund(refund=refund, remote=_ask_for_refund(refund))
