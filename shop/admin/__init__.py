"""What staff see of the shop. Django looks here for it."""

from .delivery import LicenceAdmin, ProductAdmin
from .orders import OrderAdmin
from .payments import DisputeAdmin, PaymentAdmin, PayPalEventAdmin, RefundAdmin

__all__ = [
    "DisputeAdmin",
    "LicenceAdmin",
    "OrderAdmin",
    "PayPalEventAdmin",
    "PaymentAdmin",
    "ProductAdmin",
    "RefundAdmin",
]
