"""The shop's admin pages."""

from .delivery import LicenseAdmin, ProductAdmin
from .discounts import DiscountCodeAdmin
from .orders import OrderAdmin
from .payments import DisputeAdmin, PaymentAdmin, PayPalEventAdmin, RefundAdmin
from .refund_requests import RefundRequestAdmin
from .terms import ShopTermsAdmin

__all__ = [
    "DiscountCodeAdmin",
    "DisputeAdmin",
    "LicenseAdmin",
    "OrderAdmin",
    "PayPalEventAdmin",
    "PaymentAdmin",
    "ProductAdmin",
    "RefundAdmin",
    "RefundRequestAdmin",
    "ShopTermsAdmin",
]
