"""Delivers on payment and revokes on refund.

Connected after the receivers of dependent apps, which come first in INSTALLED_APPS, so that the audit entry, which
serializes writers, is written last in the transaction.
"""

from __future__ import annotations

from typing import Any

from django.dispatch import receiver

from privacy.audit.trail import AuditEvent
from shop.models import Payment
from shop.signals import payment_captured, payment_refunded, refund_reverted

from .licenses import issue_license, revoke_license


@receiver(payment_captured)
def issue_license_on_payment(sender: Any, *, payment: Payment, **news: Any) -> None:
    issue_license(order=payment.order, because=AuditEvent("shop.order.paid", payment.order))


@receiver(payment_refunded)
def revoke_license_on_refund(sender: Any, *, payment: Payment, **news: Any) -> None:
    """A partial refund keeps the license; a full one, or a lost dispute, revokes it; unless staff decided otherwise."""
    if not payment.order.is_delivered:
        revoke_license(order=payment.order)


@receiver(refund_reverted)
def restore_license_on_revert(sender: Any, *, payment: Payment, **news: Any) -> None:
    """A dispute won on appeal, or a refund that failed late, reactivates the license."""
    issue_license(order=payment.order)
