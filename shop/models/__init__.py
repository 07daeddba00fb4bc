"""Products, orders, payments and refunds. Amounts are integers in minor units (cents for USD)."""

from __future__ import annotations

from .delivery import CountedDownload, License, ProductFile
from .discount import DiscountAmount, DiscountCode, DiscountProduct, DiscountUse
from .dispute import Dispute
from .order import Order, OrderLinksRequest
from .order_note import OrderNote, RefundReason
from .payment import Payment, PaymentQuerySet, Refund
from .paypal_event import PayPalEvent
from .product import Product, ProductQuerySet
from .product_page import ProductFeature, ProductPicture, ProductQuestion
from .reconciliation import ExtraCapture, PayPalSnapshot
from .refund_request import RefundRequest
from .sales_day import SalesDay
from .terms import AcceptedTerms, ShopTerms

__all__ = [
    "CountedDownload",
    "AcceptedTerms",
    "DiscountAmount",
    "DiscountCode",
    "DiscountProduct",
    "DiscountUse",
    "Dispute",
    "ExtraCapture",
    "License",
    "Order",
    "OrderLinksRequest",
    "OrderNote",
    "PayPalEvent",
    "PayPalSnapshot",
    "Payment",
    "PaymentQuerySet",
    "Product",
    "ProductFeature",
    "ProductFile",
    "ProductPicture",
    "ProductQuerySet",
    "ProductQuestion",
    "Refund",
    "RefundReason",
    "RefundRequest",
    "SalesDay",
    "ShopTerms",
]
