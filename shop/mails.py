"""The messages of this app."""

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
    because="whoever paid waits for the receipt",
    live=lambda order: order.paid_at is not None and not order.is_erased,
    began=lambda order: order.placed_at,
    holds_link=True,  # whoever has the address of the order's page can read the licence key there
)
PAYMENT_DECLINED = mail_kind(
    "shop/payment_declined",
    purpose=Purpose.ORDER,
    about="shop.Order",
    transactional=True,
    because="whoever waits for a pending payment has to pay anew",
    live=lambda order: order.is_payable and not order.is_erased,
    began=lambda order: order.placed_at,
    holds_link=True,
)
REFUND_MADE = mail_kind(
    "shop/refund_made",
    purpose=Purpose.ORDER,
    about="shop.Order",
    transactional=True,
    because="it says where the buyer's money is",
    live=lambda order: not order.is_erased,
    began=lambda order: order.placed_at,
    holds_link=True,
)
LICENCE_RESTORED = mail_kind(
    "shop/licence_restored",
    purpose=Purpose.ORDER,
    about="shop.Order",
    transactional=True,
    because="it says that what the buyer paid for works again",
    live=lambda order: order.is_delivered and not order.is_erased,
    began=lambda order: order.placed_at,
    holds_link=True,
)
LICENCE_REISSUED = mail_kind(
    "shop/licence_reissued",
    purpose=Purpose.ORDER,
    about="shop.Order",
    transactional=True,
    because="the buyer's old key no longer works",
    live=lambda order: order.is_delivered and not order.is_erased,
    began=lambda order: order.placed_at,
    holds_link=True,
)
# These go to the business's own address and hold nothing personal: a number and a link to the admin.
DISPUTE_OPENED = mail_kind(
    "shop/dispute_opened",
    purpose=Purpose.ORDER,
    about="shop.Dispute",
    recipients=business_address,
    transactional=True,
    because="staff have to answer a dispute in time",
    despite_opt_out=True,
)
DISPUTE_CLOSED = mail_kind(
    "shop/dispute_closed",
    purpose=Purpose.ORDER,
    about="shop.Dispute",
    recipients=business_address,
    transactional=True,
    because="staff wait for the end of a dispute",
    despite_opt_out=True,
)


def mail_buyer(kind: MailKind, order: Order) -> None:
    """To the address stored with the order. What happened counts whether or not a mail may go."""
    notify(kind, to=order.email, about=order)
