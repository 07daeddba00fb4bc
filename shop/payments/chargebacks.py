"""Money that PayPal or the bank takes back: booked once, whichever message tells of it first.

Two things tell: PAYMENT.CAPTURE.REVERSED (the money moved) and a lost dispute (it was decided). Whatever the first has
booked, the second finds booked: under the payment's lock, only what is still missing is taken.
"""

from __future__ import annotations

from django.db import transaction

from privacy.audit.trail import record
from shop.models import Payment, Refund
from shop.money import Money
from shop.paypal.gateway import gateway
from shop.paypal.types import CaptureStatus

from .capture_lookup import payment_of_capture
from .refund_booking import book, lock
from .refunds import adopt_refund


def follow_reversal(*, resource_id: str, capture_id: str) -> None:
    """PAYMENT.CAPTURE.REVERSED: its resource is the refund that PayPal made of it, or else the capture itself.

    Raises `PaymentUnknown` for money that is not booked here, and `PayPalError`.
    """
    if resource_id != capture_id:
        adopt_refund(paypal_refund_id=resource_id, source=Refund.Source.CHARGEBACK)
        return
    adopt_all_refunds(payment=payment_of_capture(capture_id))


def adopt_all_refunds(*, payment: Payment) -> None:
    """Each that PayPal knows of, under its own number, and what is missing where nothing is left of the payment."""
    for refund in gateway().get_order(payment.paypal_order_id or "").refunds:
        adopt_refund(paypal_refund_id=refund.id, source=Refund.Source.CHARGEBACK)
    if gateway().get_capture(payment.capture_id or "").status is CaptureStatus.REFUNDED:
        take_back_rest(payment=payment)


@transaction.atomic
def take_back_rest(*, payment: Payment) -> None:
    """PayPal says that nothing is left of the payment, without a number for what went."""
    payment = lock(payment.pk)
    if taken := take_back(payment, payment.unclaimed):
        record(action="shop.refund.completed", about=taken, actor=None)


def take_back(payment: Payment, amount: Money) -> Refund | None:
    """Books up to `amount` of what is left as a chargeback without PayPal's number. The caller holds the locks."""
    amount = min(amount, payment.unclaimed)
    if amount.minor <= 0:
        return None
    refund = Refund(
        payment=payment,
        source=Refund.Source.CHARGEBACK,
        amount_minor=amount.minor,
        currency=amount.currency,
    )
    book(refund)
    return refund
