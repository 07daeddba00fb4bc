"""The mail kinds of this app."""

from __future__ import annotations

from privacy.mail.sending import MailKind, mail_kind, notify
from privacy.registry.mail_kinds import business_address
from privacy.registry.mail_variables import mail_variables
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


mail_variables(
    "shop",
    {
        "about.answer|linebreaks": ("answer", "The 30 days have passed."),
        'about.due_day|date:"F j, Y"': ("due_day", "December 14, 2026"),
        'about.get_outcome_display|default:"without a decision"': ("outcome", "won"),
        "about.order.product_name": ("product", "BPS Pro"),
        "about.order.reference": ("order", "K7QM-2XTR"),
        "about.order.total": ("amount", "$59.95"),
        "about.payment.order.reference": ("order", "K7QM-2XTR"),
        "about.payment.refundable": ("kept", "$59.95"),
        "about.payment.total": ("amount", "$59.95"),
        "about.product_name": ("product", "BPS Pro"),
        "about.reference": ("order", "K7QM-2XTR"),
        'about.requested_at|date:"F j, Y, g:i A"': ("requested_at", "November 30, 2026, 4:00 PM"),
        "about.total": ("amount", "$59.95"),
        "block commission": ("commission", " The commission on this order is held until then."),
        "block deadline": ("deadline", "Respond by December 10, 2026, in PayPal's Resolution Center."),
        "block delivery": ("delivery", "Your license key and your download are on your order page."),
        "block introduction": ("introduction", "Here are the links to your orders."),
        "block lines": ("lines", "- Product: BPS Pro\n- Total: $59.95"),
        "block lost_link": ("lost_link", "we'll email you the link again"),
        "block moved": ("moved", "Your order moved with it"),
        "block notes": ("notes", "What's new:\n\n- Faster scans"),
        "block notice": ("notice", "We use these data as before."),
        "block orders": ("orders", "BPS Pro, order K7QM-2XTR, November 30, 2026: paid"),
        "block payment": ("payment", "We received your payment of $59.95."),
        "block purchase": ("purchase", "You keep your purchase: the order page still has it."),
        "block reason": ("reason", "We wrote about it: you were charged twice."),
        "block refund": ("refund", "You can request a refund on your order page until December 30, 2026."),
        'link "admin:shop_dispute_change" about.pk': ("dispute", ""),
        'link "admin:shop_refundrequest_change" about.pk': ("request", ""),
        'link "privacy:policy"': ("policy", ""),
        'link "privacy:request"': ("privacy_request", ""),
        'link "shop:find_orders"': ("find_orders", ""),
        "link about.get_absolute_url": ("order_page", ""),
        "link about.order.get_absolute_url": ("order_page", ""),
        "refund.total": ("amount", "$59.95"),
        "release.version": ("version", "18.2"),
    },
    required="amount answer due_day requested_at",
)
