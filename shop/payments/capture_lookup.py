"""Whose money is this? From PayPal's number of a capture to the payment here."""

from __future__ import annotations

from shop.models import Payment
from shop.paypal.gateway import gateway

from .settlement import settle


class PaymentUnknown(Exception):
    """PayPal tells of money that is not booked here, or not yet. The message about it stays open and is tried again."""


def payment_of_capture(capture_id: str) -> Payment:
    """The received payment of this capture; where the news came first, the payment is settled now.

    Raises `PaymentUnknown`, and `PayPalError` when PayPal can't be asked.
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
