"""Placing orders. A form that is sent twice places one order."""

from __future__ import annotations

from django.db import transaction
from django.http import HttpRequest

from privacy.audit.trail import record
from privacy.encryption.readable_codes import random_code
from privacy.encryption.tokens import digest_of, new_link_token
from shop.models import Order, Product
from shop.signals import order_placed


@transaction.atomic
def place_order(
    *,
    product: Product,
    name: str,
    email: str,
    code: str,
    request: HttpRequest,
    phone: str | None = None,
    address: str | None = None,
    form_digest: str | None = None,
) -> Order:
    """Creates the order, or returns the one that the same form placed before.

    `code` is the affiliate code that the buyer entered, possibly empty; `phone` and `address` are None if the product
    doesn't ask for them. `form_digest` is the digest of the form's key (`privacy.web.idempotency`); without it, a new
    order is created.
    """
    order, is_new = Order.objects.get_or_create(
        checkout_digest=form_digest or digest_of(new_link_token()),
        defaults={
            "reference": "B" + random_code(9),
            "product": product,
            "product_name": product.name,
            "amount_minor": product.price_minor,
            "currency": product.currency,
            "name": name,
            "email": email,
            "phone": phone,
            "address": address,
        },
    )
    if is_new:
        order_placed.send(Order, order=order, request=request, code=code)
        record(action="shop.order.placed", about=order, actor=None)
    return order
