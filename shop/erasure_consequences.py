"""Consequences of an erasure for a buyer."""

from __future__ import annotations

from collections.abc import Iterator

from privacy.erasure.consequences import Consequence, UsablePurchase, consequence_source, usable_purchase_source

from .models import License, Order, RefundRequest

State = Order.State


@usable_purchase_source
def bought_products(email: str) -> Iterator[UsablePurchase]:
    """Delivered products that weren't refunded."""
    delivered = Order.objects.filter(Order.DELIVERED_NOW, email_index=email).order_by("placed_at")
    keys = {license.order_id: license for license in License.objects.filter(order__in=delivered, revoked_at=None)}
    for order in delivered.select_related("product"):
        if order.pk in keys or not order.product.issues_license:
            key = keys[order.pk].key if order.pk in keys else ""
            yield UsablePurchase(
                product=order.product_name, order=order.reference, key=key, path=order.get_absolute_url()
            )


@consequence_source
def orders_lose_their_buyer(email: str) -> Iterator[Consequence]:
    orders = list(Order.objects.filter(email_index=email).order_by("placed_at"))
    unpaid = [order.reference for order in orders if order.state in (State.PLANNED, State.OPEN, State.PENDING)]
    paid = [order.reference for order in orders if order.is_delivered]
    requests = RefundRequest.objects.open().filter(order__in=orders)
    if asked := ", ".join(requests.values_list("order__reference", flat=True)):
        yield Consequence(
            text=f"Your refund request stays open: {asked}. A refund is still paid through PayPal, but we can't email"
            " you the answer. You will find it on the order page."
        )
    if unpaid:
        yield Consequence(
            text=f"Not paid in full yet: {', '.join(unpaid)}. You can still pay on the order page, but no receipt"
            " can be mailed."
        )
    if paid:
        yield Consequence(
            text=f"Save your order numbers: {', '.join(paid)}. Without your address they are the only way to"
            " find an order, for a refund or for support. Refunds are still paid through PayPal."
        )
