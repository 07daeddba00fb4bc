"""What waits for staff: where our books and PayPal's differ, buyers' disputes, and messages nobody could use."""

from __future__ import annotations

from datetime import datetime

from privacy.admin_base.staff_dashboard import Area, Waiting, staff_task

from .models import Dispute, ExtraCapture, Payment, PayPalEvent


@staff_task(
    area=Area.SHOP,
    one="payment differs from PayPal",
    many="payments differ from PayPal",
    permission="shop.view_payment",
    page="admin:shop_reconciliation",
)
def differing(now: datetime) -> Waiting:
    """Each one is an alarm."""
    count = Payment.objects.differing().count()
    return Waiting(count, overdue=count)


@staff_task(
    area=Area.SHOP,
    one="order collected twice by PayPal: refund the second payment",
    many="orders collected twice by PayPal: refund the second payments",
    permission="shop.view_payment",
    page="admin:shop_reconciliation",
)
def collected_twice(now: datetime) -> Waiting:
    """Each one is a buyer's money."""
    count = ExtraCapture.objects.to_refund().count()
    return Waiting(count, overdue=count)


@staff_task(
    area=Area.SHOP,
    one="buyer's dispute open at PayPal",
    many="buyers' disputes open at PayPal",
    permission="shop.view_dispute",
    page="admin:shop_dispute_changelist",
)
def disputes(now: datetime) -> Waiting:
    disputes = Dispute.objects.open()
    return Waiting(disputes.count(), disputes.filter(respond_by__lt=now).count())


@staff_task(
    area=Area.SHOP,
    one="message from PayPal that could not be used",
    many="messages from PayPal that could not be used",
    permission="shop.view_payment",
    page="admin:shop_reconciliation",
)
def unusable(now: datetime) -> Waiting:
    return Waiting(PayPalEvent.objects.given_up(now).count())
