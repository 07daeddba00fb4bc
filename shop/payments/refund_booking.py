"""What a refund does to its payment and order. Callers hold the locks on both, and save the refund."""

from __future__ import annotations

import logging
from uuid import UUID

from django.utils import timezone

from privacy.mail.sending import notify
from shop.mails import REFUND_MADE
from shop.models import Order, Payment, Refund
from shop.signals import payment_refunded, payment_restored

logger = logging.getLogger(__name__)


def lock(payment_id: UUID) -> Payment:
    """The order first, then the payment: `shop.payments.settlement` takes its locks in the same sequence."""
    order = Order.objects.select_for_update().get(payments=payment_id)
    payment = Payment.objects.select_for_update().get(pk=payment_id)
    payment.order = order
    return payment


def book(refund: Refund) -> None:
    """The money went back: counted once, the buyer is told, and so are the floors above."""
    refund.state, refund.completed_at = Refund.State.COMPLETED, timezone.now()
    refund.save()
    _count(refund.payment, refund.payment.refunded_minor + refund.amount_minor)
    _mail_notice(refund)
    payment_refunded.send(Payment, payment=refund.payment, refund=refund)


def undo(refund: Refund) -> None:
    """The money came home again; the row stays, as history."""
    refund.state = Refund.State.UNDONE
    refund.save()
    _count(refund.payment, refund.payment.refunded_minor - refund.amount_minor)
    payment_restored.send(Payment, payment=refund.payment, refund=refund)


def note_problem(payment: Payment, problem: str) -> None:
    """For the staff's reconciliation page; a look that finds nothing wrong takes it away."""
    logger.error("payment %s: %s", payment.pk, problem)
    payment.problem = problem[:200]
    payment.save(update_fields=["problem", "changed_at"])


def _count(payment: Payment, refunded_minor: int) -> None:
    payment.refunded_minor = refunded_minor
    payment.state, payment.order.state = _states(payment)
    payment.save(update_fields=["refunded_minor", "state", "changed_at"])
    payment.order.save(update_fields=["state"])


def _states(payment: Payment) -> tuple[Payment.State, Order.State]:
    if payment.refunded_minor == 0:
        return Payment.State.PAID, Order.State.PAID
    if payment.refunded_minor < payment.amount_minor:
        return Payment.State.PART_REFUNDED, Order.State.PART_REFUNDED
    return Payment.State.REFUNDED, Order.State.REFUNDED


def _mail_notice(refund: Refund) -> None:
    """The refund is booked whether or not a mail may go. What a dispute took, PayPal tells the buyer itself."""
    order = refund.payment.order
    if refund.source != Refund.Source.CHARGEBACK:
        notify(REFUND_MADE, to=order.email, about=order, context={"refund": refund})
