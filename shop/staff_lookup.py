"""What staff can find in the shop: orders, licenses, payments, refunds, disputes and PayPal's events."""

from __future__ import annotations

from django.db.models import Count, Min, Q, QuerySet, Sum
from django.urls import reverse

from privacy.admin_base.search.pasted_text import PastedText
from privacy.admin_base.search.row_kinds import Fact, Shown, row_kind
from privacy.models.consent import Person
from privacy.registry.purposes import Purpose

from .delivery.license_keys import SHORTEST_KEY, NotALicenseKey, canonical_license_key
from .models import Dispute, ExtraCapture, License, Order, Payment, PayPalEvent, Refund, RefundRequest
from .money import Money


def bought(orders: QuerySet[Order]) -> Fact | None:
    """The number of orders, what was received for them, and what of it was returned. Two queries."""
    found = orders.aggregate(number=Count("pk"), first=Min("placed_at"))
    if not found["number"]:
        return None
    received = Payment.objects.filter(order__in=orders.values("pk"), state__in=Payment.RECEIVED).order_by()
    sums = received.values_list("currency").annotate(Sum("amount_minor"), Sum("refunded_minor"))
    bought = [
        f"bought for {Money(paid, currency)}" + (f", {Money(returned, currency)} refunded" if returned else "")
        for currency, paid, returned in sums
    ]
    number = f"{found['number']} order{'' if found['number'] == 1 else 's'}"
    return Fact(", ".join([number, *(bought or ["nothing paid"])]), found["first"])


def license_key(pasted: PastedText) -> Q | None:
    """The license with this key: in any spelling if this site made it, as it is if a former shop did."""
    found = None
    for typed in pasted.codes:
        try:
            return Q(key_index=canonical_license_key(typed))
        except NotALicenseKey:
            if len(typed) >= SHORTEST_KEY:
                found = found or Q(key_index=typed)
    return found


row_kind(
    model=Order,
    purpose=Purpose.ORDER,
    one="order",
    many="orders",
    position=20,
    show=lambda order: Shown(
        number=order.reference,
        at=order.placed_at,
        name=order.name or "",
        state=order.get_state_display(),
        detail=f"{order.product_name}, {order.total}",
    ),
    at="placed_at",
    emails=("email_index",),
    phones=("phone_index",),
    codes=("reference",),
    words=("name", "company", "email"),
    for_person=True,
    names_person=True,
    facts=bought,
    contact=lambda order: Person(email=order.email, phone=order.phone, address=order.address),
)
row_kind(
    model=License,
    purpose=Purpose.ORDER,
    one="license",
    many="licenses",
    position=30,
    related=("order",),
    show=lambda license: Shown(
        number=f"License of {license.order.reference}",
        at=license.issued_at,
        name=license.order.name or "",
        state="revoked" if license.revoked_at else "active",
        detail=license.order.product_name,
    ),
    at="issued_at",
    belongs_to="order",
    find=license_key,
    for_person=True,
)
row_kind(
    model=RefundRequest,
    purpose=Purpose.ORDER,
    one="refund request",
    many="refund requests",
    position=35,
    related=("order",),
    show=lambda request: Shown(
        number=f"Refund request for {request.order.reference}",
        at=request.requested_at,
        name=request.order.name or "",
        state=request.get_state_display(),
    ),
    at="requested_at",
    for_person=True,
    open=Q(state=RefundRequest.State.OPEN),
)
row_kind(
    model=Payment,
    purpose=Purpose.ORDER,
    one="payment",
    many="payments",
    position=60,
    related=("order",),
    show=lambda payment: Shown(
        number=f"Payment {payment.attempt} of {payment.order.reference}",
        at=payment.created_at,
        name=payment.order.name or "",
        state=payment.get_state_display(),
        detail=str(payment.total),
    ),
    at="created_at",
    belongs_to="order",
    codes=("paypal_order_id", "capture_id"),
)
row_kind(
    model=Refund,
    purpose=Purpose.ORDER,
    one="refund",
    many="refunds",
    position=61,
    related=("payment__order",),
    show=lambda refund: Shown(
        number=f"Refund of {refund.payment.order.reference}",
        at=refund.created_at,
        name=refund.payment.order.name or "",
        state=refund.get_state_display(),
        detail=str(refund.total),
    ),
    at="created_at",
    codes=("paypal_refund_id",),
)
row_kind(
    model=Dispute,
    purpose=Purpose.ORDER,
    one="dispute",
    many="disputes",
    position=62,
    related=("payment__order",),
    show=lambda dispute: Shown(
        number=f"Dispute {dispute.paypal_id}",
        at=dispute.opened_at,
        name=dispute.payment.order.name or "",
        state=dispute.get_state_display(),
        detail=str(dispute.total),
    ),
    at="opened_at",
    codes=("paypal_id",),
)
row_kind(
    model=PayPalEvent,
    purpose=Purpose.ORDER,
    one="PayPal event",
    many="PayPal events",
    position=63,
    show=lambda event: Shown(
        number=event.event_id,
        at=event.received_at,
        state="handled" if event.handled_at else "open",
        detail=event.event_type,
    ),
    at="received_at",
    codes=("event_id",),
)
row_kind(
    model=ExtraCapture,
    purpose=Purpose.ORDER,
    one="second capture",
    many="second captures",
    position=64,
    related=("payment__order",),
    show=lambda capture: Shown(
        number=f"Second capture for {capture.payment.order.reference}",
        at=capture.found_at,
        state="refunded" if capture.refunded_at else "to refund",
        detail=str(capture.total),
    ),
    at="found_at",
    codes=("capture_id",),
    shown_with="shop.view_payment",
    page=lambda capture: reverse("admin:shop_payment_change", args=[capture.payment_id]),
)
