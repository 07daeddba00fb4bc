"""Staff tasks: terms to publish, mismatches with PayPal, open disputes, unprocessed webhook events."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Count, Min, Q

from privacy.admin_base.staff_dashboard import Area, StaffTaskCount, staff_task

from .models import Dispute, ExtraCapture, Payment, PayPalEvent, RefundRequest, ShopTerms


@staff_task(
    area=Area.SHOP,
    one="payment differs from PayPal",
    many="payments differ from PayPal",
    permission="shop.view_payment",
    page="admin:shop_reconciliation",
)
def mismatched(now: datetime) -> StaffTaskCount:
    """Each one is an alert."""
    count = Payment.objects.mismatched().count()
    return StaffTaskCount(count, overdue=count)


@staff_task(
    area=Area.SHOP,
    one="payment with a problem, not compared with PayPal yet",
    many="payments with a problem, not compared with PayPal yet",
    permission="shop.view_payment",
    page="admin:shop_reconciliation",
)
def problems_to_compare(now: datetime) -> StaffTaskCount:
    """The next comparison clears each, or finds that it differs."""
    return StaffTaskCount(Payment.objects.with_problem_uncompared().count())


@staff_task(
    area=Area.SHOP,
    one="order captured twice by PayPal: refund the second payment",
    many="orders captured twice by PayPal: refund the second payments",
    permission="shop.view_payment",
    page="admin:shop_reconciliation",
)
def collected_twice(now: datetime) -> StaffTaskCount:
    """Each one is owed to a buyer."""
    count = ExtraCapture.objects.to_refund().count()
    return StaffTaskCount(count, overdue=count)


@staff_task(
    area=Area.SHOP,
    one="refund request to answer",
    many="refund requests to answer",
    permission="shop.view_refundrequest",
    page="admin:shop_refundrequest_changelist",
    query="state__exact=open",
)
def refund_requests(now: datetime) -> StaffTaskCount:
    """Due after business days, which a query can't count: the oldest ones are looked at."""
    requests = RefundRequest.objects.to_answer()
    oldest = list(requests.only("requested_at").order_by("requested_at")[:200])
    return StaffTaskCount(
        requests.count(),
        sum(request.due_at < now for request in oldest),
        oldest=oldest[0].requested_at if oldest else None,
    )


@staff_task(
    area=Area.SHOP,
    one="open dispute at PayPal",
    many="open disputes at PayPal",
    permission="shop.view_dispute",
    page="admin:shop_dispute_changelist",
)
def disputes(now: datetime) -> StaffTaskCount:
    found = Dispute.objects.open().aggregate(
        count=Count("pk"), overdue=Count("pk", filter=Q(respond_by__lt=now)), oldest=Min("opened_at")
    )
    return StaffTaskCount(**found)


@staff_task(
    area=Area.SHOP,
    one="webhook event that could not be processed",
    many="webhook events that could not be processed",
    permission="shop.view_payment",
    page="admin:shop_reconciliation",
)
def unusable(now: datetime) -> StaffTaskCount:
    return StaffTaskCount(PayPalEvent.objects.given_up(now).count())


@staff_task(
    area=Area.SHOP,
    one="document for buyers that was never published",
    many="documents for buyers that were never published",
    permission="shop.publish_shopterms",
    page="admin:shop_shopterms_changelist",
)
def unpublished_terms(now: datetime) -> StaffTaskCount:
    """Until then, orders are placed without them."""
    published = ShopTerms.objects.published().values("document").distinct().count()
    return StaffTaskCount(len(ShopTerms.Document) - published)


@staff_task(
    area=Area.SHOP,
    one="refund policy that doesn't say how many days buyers have",
    many="refund policies that don't say how many days buyers have",
    permission="shop.publish_shopterms",
    page="admin:shop_shopterms_changelist",
)
def contradicting_terms(now: datetime) -> StaffTaskCount:
    """`REFUND_DAYS` was changed after the policy was published."""
    policy = ShopTerms.objects.filter(document=ShopTerms.Document.REFUNDS).in_force(now)
    count = int(bool(policy and policy.obstacle))
    return StaffTaskCount(count, overdue=count)
