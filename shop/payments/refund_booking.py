"""Applies a refund to its payment and order. Callers hold the locks on both."""

from __future__ import annotations

import logging
from uuid import UUID

from django.utils import timezone

from privacy.mail.sending import notify
from shop.mails import REFUND_MADE
from shop.models import Order, Payment, Refund
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
    _mail_notice(refund)
    close_refunded_request(refund)
    payment_refunded.send(Payment, payment=refund.payment, refund=refund)


def revert_refund(refund: Refund) -> None:
    """Reverts a completed refund; the row stays as history."""
    refund.state = Refund.State.REVERTED
    refund.save()
    _set_refunded_amount(refund.payment, refund.payment.refunded_minor - refund.amount_minor)
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


def _mail_notice(refund: Refund) -> None:
    """Notifies the buyer; a refused mail is only logged. PayPal itself notifies the buyer about disputes."""
    order = refund.payment.order
    if refund.source != Refund.Source.CHARGEBACK:
        notify(REFUND_MADE, to=order.email, about=order, context={"refund": refund})
