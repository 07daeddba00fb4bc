"""What staff see of the shop. Django looks here for it."""

from .admin_delivery import LicenceAdmin, ProductAdmin
from .admin_orders import OrderAdmin
from .admin_payments import DisputeAdmin, PaymentAdmin, PayPalEventAdmin, RefundAdmin

__all__ = [
    "DisputeAdmin",
    "LicenceAdmin",
    "OrderAdmin",
    "PayPalEventAdmin",
    "PaymentAdmin",
    "ProductAdmin",
    "RefundAdmin",
]
