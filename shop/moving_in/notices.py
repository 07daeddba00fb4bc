"""Tells buyers that their orders have moved here: one mail to each address, before anything else is done with them."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from privacy.mail.sending import notify
from shop.mails import ORDERS_MOVED
from shop.models import Order

AT_ONCE = 200  # mails in one run of housekeeping


def notify_moved_buyers(*, now: datetime) -> int:
    """Returns how many mails were queued."""
    due = Order.objects.filter(move_notice_due=True).order_by("pk")
    return sum(_notify(order) for order in due[:AT_ONCE])


@transaction.atomic
def _notify(order: Order) -> bool:
    """About all orders of the same address. False if another worker has told the buyer, or nobody may be told: then the
    page of the order tells it."""
    same = {"email_index": order.email} if order.email else {"pk": order.pk}
    count = Order.objects.filter(move_notice_due=True, **same).update(move_notice_due=False)
    return bool(count) and notify(ORDERS_MOVED, to=order.email, about=order, context={"count": count})
