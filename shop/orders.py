"""Placing an order: price, buyer and who brought the buyer are fixed in one transaction, before any money moves."""

from __future__ import annotations

import secrets

from django.db import transaction
from django.http import HttpRequest

from .models import Order, Product
from .signals import order_placed


@transaction.atomic
def place_order(*, product: Product, name: str, email: str, code: str, request: HttpRequest) -> Order:
    """Stores the order. `code` is what the buyer typed as a partner's code, possibly nothing."""
    order = Order.objects.create(
        reference=_new_reference(),
        product=product,
        product_name=product.name,
        amount_minor=product.price_minor,
        currency=product.currency,
        name=name,
        email=email,
    )
    order_placed.send(Order, order=order, request=request, code=code)
    return order


def _new_reference() -> str:
    """Short enough to read out, random enough to say nothing about how many orders there are."""
    return "B" + "".join(secrets.choice("0123456789ABCDEFGHJKMNPQRSTVWXYZ") for _ in range(9))
