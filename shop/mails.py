"""The mail kinds of this app."""

from __future__ import annotations

from privacy.mail.sending import MailKind, mail_kind, notify
from privacy.registry.mail_kinds import business_address
from privacy.registry.purposes import Purpose

from .models import Order

RECEIPT = mail_kind(
    "shop/receipt",
    purpose=Purpose.ORDER,
    about="shop.Order",
    transactional=True,
    because="the buyer expects a receipt",
    live=lambda order: order.paid_at is not None and not order.is_erased,
    began=lambda order: order.placed_at,
    holds_link=True,  # the order page's link gives access to the license key
)
PAYMENT_DECLINED = mail_kind(
    "shop/payment_declined",
    purpose=Purpose.ORDER,
    about="shop.Order",
    transactional=True,
    because="the buyer has to pay again",
    live=lambda order: order.is_payable and not order.is_erased,
    began=lambda order: order.placed_at,
    holds_link=True,
)
REFUND_MADE = mail_kind(
    "shop/refund_made",
    purpose=Purpose.ORDER,
    about="shop.Order",
    transactional=True,
    because="it confirms a refund",
    live=lambda order: not order.is_erased,
    began=lambda order: order.placed_at,
    holds_link=True,
)
LICENSE_RESTORED = mail_kind(
    "shop/license_restored",
    purpose=Purpose.ORDER,
    about="shop.Order",
    transactional=True,
    because="the buyer's license works again",
    live=lambda order: order.is_delivered and not order.is_erased,
    began=lambda order: order.placed_at,
    holds_link=True,
)
LICENSE_REISSUED = mail_kind(
    "shop/license_reissued",
    purpose=Purpose.ORDER,
    about="shop.Order",
    transactional=True,
    because="the buyer's old key no longer works",
    live=lambda order: order.is_delivered and not order.is_erased,
    began=lambda order: order.placed_at,
    holds_link=True,
)
REFUND_REQUESTED = mail_kind(
    "shop/refund_requested",
    purpose=Purpose.ORDER,
    about="shop.RefundRequest",
    recipients=lambda request: [request.order.email],
    transactional=True,
    because="it confirms a refund request, with its date and time",
    live=lambda request: not request.order.is_erased,
    began=lambda request: request.requested_at,
    despite_opt_out=True,
    holds_link=True,
)
REFUND_DECLINED = mail_kind(
    "shop/refund_declined",
    purpose=Purpose.ORDER,
    about="shop.RefundRequest",
    recipients=lambda request: [request.order.email],
    transactional=True,
    because="it answers a refund request",
    shows=frozenset({"answer"}),  # what staff write
    written_by_staff=True,
    live=lambda request: request.answer is not None and not request.order.is_erased,
    began=lambda request: request.requested_at,
    despite_opt_out=True,
    holds_link=True,
)
ORDER_LINKS = mail_kind(
    "shop/order_links",
    purpose=Purpose.ORDER,
    about="shop.Order",
    transactional=True,
    because="the buyer asked for the links of their orders",
    despite_opt_out=True,
    live=lambda order: not order.is_erased,
    began=lambda order: order.placed_at,
    holds_link=True,
)
ORDERS_MOVED = mail_kind(
    "shop/orders_moved",
    purpose=Purpose.ORDER,
    about="shop.Order",
    transactional=True,
    because="it tells the buyer who keeps their order now, before anything else is done with it",
    live=lambda order: order.former_shop is not None and not order.is_erased,
    began=lambda order: order.placed_at,
)
RELEASE_PUBLISHED = mail_kind(
    "shop/release_published",
    purpose=Purpose.RELEASE_NEWS,
    about="shop.Order",
    transactional=False,
    because="the buyer asked on the order page to be told of new versions",
    live=lambda order: order.is_delivered and order.release_notices_after is not None and not order.is_erased,
    # Not the time of that choice: whoever has the order's link can't undo an opt-out of the address's owner.
    began=lambda order: order.placed_at,
    holds_link=True,
)
# Sent to the business's own address; contain only an order number and a link to the admin, nothing personal.
DISPUTE_OPENED = mail_kind(
    "shop/dispute_opened",
    purpose=Purpose.ORDER,
    about="shop.Dispute",
    recipients=business_address,
    transactional=True,
    because="staff have to respond to a dispute in time",
    despite_opt_out=True,
)
DISPUTE_CLOSED = mail_kind(
    "shop/dispute_closed",
    purpose=Purpose.ORDER,
    about="shop.Dispute",
    recipients=business_address,
    transactional=True,
    because="it tells staff the outcome of a dispute",
    despite_opt_out=True,
)
REFUND_TO_DECIDE = mail_kind(
    "shop/refund_to_decide",
    purpose=Purpose.ORDER,
    about="shop.RefundRequest",
    recipients=business_address,
    transactional=True,
    because="staff have to answer a refund request in time",
    live=lambda request: request.is_open,
    despite_opt_out=True,
)


def mail_buyer(kind: MailKind, order: Order) -> None:
    """Mails the order's stored address. A refused mail is logged, not raised."""
    notify(kind, to=order.email, about=order)
