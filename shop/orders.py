"""Placing orders: a form that is sent twice places one."""

from __future__ import annotations

import json
import secrets

from django.db import transaction
from django.http import HttpRequest

from privacy.audit.trail import record
from privacy.links import digest_of, new_link_token

from .models import Order, Product
from .signals import order_placed


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
    checkout_token: str = "",
) -> Order:
    """Stores the order, or finds the one that the same form placed before.

    `code` is what the buyer typed as a partner's code, possibly nothing; `phone` and `address` are None where the
    product does not ask for them. `checkout_token` is what the form was given when it was shown; without one, it is a
    new order.
    """
    token = checkout_token or new_link_token()
    order, is_new = Order.objects.get_or_create(
        checkout_digest=_form_digest(token, product.slug, name, email, code, phone or "", address or ""),
        defaults={
            "reference": _new_reference(),
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


def was_placed(
    *,
    product: Product,
    name: str,
    email: str,
    code: str,
    phone: str | None = None,
    address: str | None = None,
    checkout_token: str = "",
) -> bool:
    """Whether the same form placed its order before: sent again, it leads there and takes no further room."""
    digest = _form_digest(checkout_token, product.slug, name, email, code, phone or "", address or "")
    return bool(checkout_token) and Order.objects.filter(checkout_digest=digest).exists()


def _form_digest(*parts: str) -> str:
    """Of the form's token and what was typed: a corrected address is another order. The token's 256 random bits keep
    the digest from telling anything of the rest."""
    return digest_of(json.dumps(parts))


def _new_reference() -> str:
    """Short enough to read out, random enough to say nothing about how many orders there are."""
    return "B" + "".join(secrets.choice("0123456789ABCDEFGHJKMNPQRSTVWXYZ") for _ in range(9))
