"""Applies a refund to its payment and order. Callers hold the locks on both."""

from __future__ import annotations

import logging
from uuid import UUID

from django.utils import timezone

from privacy.mail.sending import notify
from shop.mails import REFUND_MADE
from shop.models import Order, Payment, Refund, RefundReason
from shop.signals import payment_refunded, refund_reverted

from .refund_requests import close_refunded_request

logger = logging.getLogger(__name__)


def lock_payment(payment_id: UUID) -> Payment:
    """Locks the order first, then the payment, like `shop.payments.settlement`."""
    order = Order.objects.select_for_update().get(payments=payment_id)
    payment = Payment.objects.select_for_update().get(pk=payment_id)
    payment.order = order
    return payment


def complete_refund(refund: Refund) -> None:
    """Records a completed refund, notifies the buyer and sends `payment_refunded`."""
    refund.state, refund.completed_at = Refund.State.COMPLETED, timezone.now()
    refund.save()
    _set_refunded_amount(refund.payment, refund.payment.refunded_minor + refund.amount_minor)
    _decide_delivery(refund)
    _mail_notice(refund)
    close_refunded_request(refund)
    payment_refunded.send(Payment, payment=refund.payment, refund=refund)


def revert_refund(refund: Refund) -> None:
    """Reverts a completed refund; the row stays as history."""
    refund.state = Refund.State.REVERTED
    refund.save()
    _set_refunded_amount(refund.payment, refund.payment.refunded_minor - refund.amount_minor)
    _undo_delivery_decision(refund)
    refund_reverted.send(Payment, payment=refund.payment, refund=refund)


def record_problem(payment: Payment, problem: str) -> None:
    """Stores a problem for the reconciliation page; a comparison without differences clears it."""
    logger.error("payment %s: %s", payment.pk, problem)
    payment.problem = problem[:200]
    payment.save(update_fields=["problem", "changed_at"])


def _set_refunded_amount(payment: Payment, refunded_minor: int) -> None:
    payment.refunded_minor = refunded_minor
    payment.state, payment.order.state = _refund_states(payment)
    payment.save(update_fields=["refunded_minor", "state", "changed_at"])
    payment.order.save(update_fields=["state"])


def _refund_states(payment: Payment) -> tuple[Payment.State, Order.State]:
    if payment.refunded_minor == 0:
        return Payment.State.PAID, Order.State.PAID
    if payment.refunded_minor < payment.amount_minor:
        return Payment.State.PART_REFUNDED, Order.State.PART_REFUNDED
    return Payment.State.REFUNDED, Order.State.REFUNDED


def _decide_delivery(refund: Refund) -> None:
    """What staff chose with this refund, where it differs from what the state says by itself."""
    order = refund.payment.order
    if order.state == Order.State.REFUNDED:
        _set_delivery_kept(order, True if refund.keeps_license else None)
    elif refund.keeps_license is False:
        _set_delivery_kept(order, False)


def _undo_delivery_decision(refund: Refund) -> None:
    """Staff's decision ends with the refund that it was made with, unless another one says the same."""
    order = refund.payment.order
    others = refund.payment.refunds.filter(state=Refund.State.COMPLETED, keeps_license=False)
    if order.delivery_kept or (refund.keeps_license is False and not others.exists()):
        _set_delivery_kept(order, None)


def _set_delivery_kept(order: Order, delivery_kept: bool | None) -> None:
    if order.delivery_kept is not delivery_kept:
        order.delivery_kept = delivery_kept
        order.save(update_fields=["delivery_kept"])


def refund_mail_context(refund: Refund) -> dict[str, object]:
    """What the mail about a refund says beside the order: the sum, and the reason if staff want it to be mailed."""
    reason = RefundReason.objects.filter(refund=refund, is_mailed=True).first()
    return {"refund": refund, "reason": reason.text if reason else ""}


def _mail_notice(refund: Refund) -> None:
    """Notifies the buyer; a refused mail is only logged. PayPal itself notifies the buyer about disputes."""
    order = refund.payment.order
    if refund.source != Refund.Source.CHARGEBACK:
        notify(REFUND_MADE, to=order.email, about=order, context=refund_mail_context(refund))
