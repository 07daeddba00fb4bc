"""The messages of this app."""

from privacy.mail import mail_kind
from privacy.purposes import Purpose

RECEIPT = mail_kind(
    "shop/receipt",
    purpose=Purpose.ORDER,
    about="shop.Order",
    live=lambda order: order.paid_at is not None and not order.is_erased,
    began=lambda order: order.placed_at,
    holds_link=True,  # whoever has the address of the order's page can read the licence key there
)
PAYMENT_DECLINED = mail_kind(
    "shop/payment_declined",
    purpose=Purpose.ORDER,
    about="shop.Order",
    live=lambda order: order.is_payable and not order.is_erased,
    began=lambda order: order.placed_at,
    holds_link=True,
)
REFUND_MADE = mail_kind(
    "shop/refund_made",
    purpose=Purpose.ORDER,
    about="shop.Order",
    live=lambda order: not order.is_erased,
    began=lambda order: order.placed_at,
    holds_link=True,
)
