"""Orders whose discount leaves nothing to pay: settled at once, without PayPal."""

from __future__ import annotations

from shop.models import Order, Payment

from .capture_booking import mark_paid


def settle_free_order(*, order: Order) -> Payment:
    """Books a payment of zero, which delivers the order. Nothing of it can be refunded.

    Runs in the transaction that placed the order, so that nobody else settles it. Raises ValueError if there is
    something to pay.
    """
    if order.amount_minor:
        raise ValueError("an order with an amount is paid through PayPal")
    payment = Payment(order=order, amount_minor=0, currency=order.currency)
    payment.save(force_insert=True)
    mark_paid(payment)
    return payment
