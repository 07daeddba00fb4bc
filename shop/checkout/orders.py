"""Placing orders. A form that is sent twice places one order."""

from __future__ import annotations

from django.conf import settings
from django.db import transaction
from django.http import HttpRequest

from privacy.audit.trail import record
from privacy.encryption.readable_codes import random_code
from privacy.encryption.tokens import generate_token, hash_token
from shop.models import AcceptedTerms, Order, Product, ShopTerms
from shop.signals import order_placed


@transaction.atomic
def place_order(
    *,
    product: Product,
    terms: list[ShopTerms],
    code: str,
    request: HttpRequest,
    form_digest: str | None = None,
    **details: str | None,
) -> Order:
    """Creates the order, or returns the one that the same form placed before.

    `terms` are the versions that the buyer accepts. `code` is the affiliate code that the buyer entered, possibly
    empty. `form_digest` is the digest of the form's key (`privacy.web.idempotency`); without it, a new order is
    created. `details` are the columns that the buyer filled in: those of `CheckoutForm` that the product asks for.
    """
    if product.price_minor is None:
        raise ValueError("a product without a price can't be ordered")
    order, is_new = Order.objects.get_or_create(
        checkout_digest=form_digest or hash_token(generate_token()),
        defaults={
            "reference": "B" + random_code(9),
            "product": product,
            "product_name": product.name,
            "amount_minor": product.price_minor,
            "currency": product.currency,
            "tax_name": settings.TAX_NAME if settings.TAX_PERCENT else "",
            "tax_percent": settings.TAX_PERCENT,
            **details,
        },
    )
    if is_new:
        AcceptedTerms.objects.bulk_create(
            AcceptedTerms(order=order, document=version.document, version=version) for version in terms
        )
        order_placed.send(Order, order=order, request=request, code=code)
        record(action="shop.order.placed", about=order, actor=None)
    return order
