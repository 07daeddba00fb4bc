"""Placing orders: at the checkout, and for the installments of an accepted quote. A form that is sent twice places one
order."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction
from django.http import HttpRequest

from privacy.audit.trail import record
from privacy.encryption.readable_codes import random_code
from privacy.encryption.tokens import generate_token, hash_token
from privacy.web.client_address import client_address
from privacy.web.rate_limits import network_of
from shop.discounts.codes import DiscountedPrice
from shop.discounts.places import take_places
from shop.models import AcceptedTerms, DiscountCode, Order, Product, ShopTerms
from shop.money import Money
from shop.payments.free_orders import settle_free_order
from shop.signals import order_placed

if TYPE_CHECKING:
    from accounts.models import User


@transaction.atomic
def place_order(
    *,
    product: Product,
    terms: list[ShopTerms],
    code: str,
    request: HttpRequest,
    discounted: DiscountedPrice | None = None,
    own_orders: Collection[UUID] = (),
    form_digest: str | None = None,
    **details: str | None,
) -> Order:
    """Creates the order, or returns the one that the same form placed before. Raises `CodeRefused` if a limited
    discount code has no place left. An order with nothing to pay is paid at once.

    `terms` are the versions that the buyer accepts. `code` is the affiliate code that the buyer entered, possibly
    empty. `discounted` is the price with the buyer's discount codes, for which earlier unpaid
    orders of the same browser, `own_orders`, give up their places. `form_digest` is the digest of the form's key
    (`privacy.web.idempotency`); without it, a new order is created. `details` are the columns that the buyer filled in:
    those of `CheckoutForm` that the product asks for.
    """
    if product.price_minor is None:
        raise ValueError("a product without a price can't be ordered")
    digest, price = form_digest or hash_token(generate_token()), Money(product.price_minor, product.currency)
    discounted = discounted or DiscountedPrice(price=price)
    try:
        with transaction.atomic():
            order = Order.objects.create(
                checkout_digest=digest,
                reference=new_reference(),
                product=product,
                product_name=product.name,
                amount_minor=discounted.total.minor,
                discount_minor=discounted.off.minor,
                discount_codes=discounted.codes,
                currency=product.currency,
                tax_name=settings.TAX_NAME if settings.TAX_PERCENT else "",
                tax_percent=settings.TAX_PERCENT,
                **details,
            )
            if discounted.applied:
                network = network_of(client_address(request))
                take_places(order=order, price=discounted, now=order.placed_at, network=network, own_orders=own_orders)
    except IntegrityError:
        if earlier := Order.objects.filter(checkout_digest=digest).first():
            return earlier
        raise
    discounts = [discount for discount, _ in discounted.applied]
    _announce(order, terms=terms, request=request, code=code, discounts=discounts)
    if not order.amount_minor:
        settle_free_order(order=order)
    return order


@transaction.atomic
def place_service_order(
    *,
    product_name: str,
    amount: Money,
    tax_name: str,
    tax_percent: Decimal,
    is_due: bool,
    placed_at: datetime,
    terms: list[ShopTerms],
    code: str,
    request: HttpRequest | None,
    **buyer: str | None,
) -> Order:
    """Creates the order of one installment. The caller sees to it that an installment gets one.

    `product_name` is readable in the database and goes to PayPal, so it contains no free text. `amount` includes
    `tax_percent` of tax, in percent. An installment that isn't due waits for `make_due`. `request` is the client's;
    None if staff recorded the acceptance, whose own browser must not decide about a referral.
    """
    order = Order.objects.create(
        reference=new_reference(),
        product=Product.objects.services(),
        product_name=product_name,
        amount_minor=amount.minor,
        currency=amount.currency,
        tax_name=tax_name,
        tax_percent=tax_percent,
        state=Order.State.OPEN if is_due else Order.State.PLANNED,
        placed_at=placed_at,
        **buyer,
    )
    _announce(order, terms=terms, request=request, code=code)
    return order


def make_due(*, order: Order, actor: User | None) -> bool:
    """Lets a planned order be paid. False if it can be already, or is paid."""
    with transaction.atomic():
        changed = Order.objects.filter(pk=order.pk, state=Order.State.PLANNED).update(state=Order.State.OPEN)
        if changed:
            order.state = Order.State.OPEN
            record(action="shop.order.due", about=order, actor=actor)
    return bool(changed)


def new_reference() -> str:
    return "B" + random_code(9)


def _announce(
    order: Order,
    *,
    terms: list[ShopTerms],
    request: HttpRequest | None,
    code: str,
    discounts: Sequence[DiscountCode] = (),
) -> None:
    AcceptedTerms.objects.bulk_create(
        AcceptedTerms(order=order, document=version.document, version=version) for version in terms
    )
    order_placed.send(Order, order=order, request=request, code=code, discounts=discounts)
    record(action="shop.order.placed", about=order, actor=None)
