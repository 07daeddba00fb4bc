"""What money means for delivery.

Connected after the receivers of the floors above (they stand first in INSTALLED_APPS), so that the audit, at which
writers queue, is written last in the transaction.
"""

from __future__ import annotations

from typing import Any

from django.dispatch import receiver

from privacy.audit.trail import record
from shop.models import Order, Payment
from shop.signals import payment_captured, payment_refunded, payment_restored

from .licenses import issue_licence, revoke_licence


@receiver(payment_captured)
def deliver(sender: Any, *, payment: Payment, **news: Any) -> None:
    record(action="shop.order.paid", about=payment.order, actor=None)
    issue_licence(order=payment.order)


@receiver(payment_refunded)
def take_back(sender: Any, *, payment: Payment, **news: Any) -> None:
    """A partial refund leaves the buyer with the product, a full one (or a lost dispute) does not."""
    if payment.order.state == Order.State.REFUNDED:
        revoke_licence(order=payment.order)


@receiver(payment_restored)
def deliver_again(sender: Any, *, payment: Payment, **news: Any) -> None:
    """A dispute won on appeal, or a refund that failed late: what was paid for works again."""
    issue_licence(order=payment.order)
