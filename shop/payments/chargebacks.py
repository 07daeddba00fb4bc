"""Chargebacks: money that PayPal or the bank reverses, recorded once, whichever event arrives first.

Two events report it: PAYMENT.CAPTURE.REVERSED (the money moved) and a lost dispute (the decision). Under the payment's
lock, the second one records only what is still missing.
"""

from __future__ import annotations

from django.db import transaction

from privacy.audit.trail import record
from shop.models import Payment, Refund
from shop.money import Money
from shop.paypal.gateway import gateway
from shop.paypal.types import CaptureStatus

from .capture_lookup import payment_of_capture
from .refund_booking import complete_refund, lock_payment
from .refunds import import_refund


def handle_reversal(*, resource_id: str, capture_id: str) -> None:
    """Applies PAYMENT.CAPTURE.REVERSED, whose resource is PayPal's refund or the capture itself.

    Raises `PaymentUnknown` for a capture that isn't recorded here, and `PayPalError`.
    """
    if resource_id != capture_id:
        import_refund(paypal_refund_id=resource_id, source=Refund.Source.CHARGEBACK)
        return
    import_all_refunds(payment=payment_of_capture(capture_id))


def import_all_refunds(*, payment: Payment) -> None:
    """Records every refund that PayPal lists, and the rest if the capture is fully refunded."""
    for refund in gateway().get_order(payment.paypal_order_id or "").refunds:
        import_refund(paypal_refund_id=refund.id, source=Refund.Source.CHARGEBACK)
    if gateway().get_capture(payment.capture_id or "").status is CaptureStatus.REFUNDED:
        record_remaining_chargeback(payment=payment)


@transaction.atomic
def record_remaining_chargeback(*, payment: Payment) -> None:
    """Records the rest of a payment that PayPal reports as fully refunded, without a refund id."""
    payment = lock_payment(payment.pk)
    if taken := record_chargeback(payment, payment.available_to_refund):
        record(action="shop.refund.completed", about=taken, actor=None)


def record_chargeback(payment: Payment, amount: Money) -> Refund | None:
    """Records up to `amount` of the remainder as a chargeback without PayPal's id. The caller holds the locks."""
    amount = min(amount, payment.available_to_refund)
    if amount.minor <= 0:
        return None
    refund = Refund(
        payment=payment,
        source=Refund.Source.CHARGEBACK,
        amount_minor=amount.minor,
        currency=amount.currency,
    )
    complete_refund(refund)
    return refund
