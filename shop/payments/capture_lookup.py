"""Finds the payment of a PayPal capture."""

from __future__ import annotations

from shop.models import Payment
from shop.paypal.gateway import gateway

from .settlement import settle


class PaymentUnknown(Exception):
    """The capture belongs to no payment recorded here, or not yet. Its webhook event stays open and is retried."""


def payment_of_capture(capture_id: str) -> Payment:
    """The received payment of this capture. A payment that isn't settled yet is settled first.

    Raises `PaymentUnknown`, and `PayPalError` if PayPal can't be reached.
    """
    payment = Payment.objects.filter(capture_id=capture_id).first() or _payment_of_its_order(capture_id)
    if payment is not None and not payment.is_received:
        payment = settle(payment=payment)
    if payment is None or not payment.is_received or payment.capture_id != capture_id:
        raise PaymentUnknown(capture_id)
    return payment


def _payment_of_its_order(capture_id: str) -> Payment | None:
    order_id = gateway().get_capture(capture_id).order_id
    return Payment.objects.filter(paypal_order_id=order_id).first() if order_id else None
