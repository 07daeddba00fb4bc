"""Products, orders, and the money that moves for them. Amounts are whole minor units (cents for USD)."""

from __future__ import annotations

from .delivery import Licence, ProductFile
from .dispute import Dispute
from .order import Order
from .payment import Payment, PaymentQuerySet, Refund
from .paypal_event import PayPalEvent
from .product import Product
from .reconciliation import ExtraCapture, PayPalLook

__all__ = [
    "Dispute",
    "ExtraCapture",
    "Licence",
    "Order",
    "PayPalEvent",
    "PayPalLook",
    "Payment",
    "PaymentQuerySet",
    "Product",
    "ProductFile",
    "Refund",
]
