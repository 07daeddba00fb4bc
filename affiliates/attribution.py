"""Attribution: who brought an order, decided once, when the order is placed and the visitor's cookie is at hand."""

from __future__ import annotations

from django.http import HttpRequest

from shop.models import Order

from .models import Affiliate, Attribution
from .referral import referral_of


def attribute_order(*, order: Order, request: HttpRequest, code: str) -> Attribution | None:
    """A code that the buyer typed beats the cookie; the cookie is the last link that was followed."""
    affiliate = Affiliate.objects.with_code(code) if code else None
    if affiliate is not None:
        return _attribute(order, affiliate, route=Attribution.Route.CODE)
    referral = referral_of(request)
    if referral.affiliate is None or referral.token is None:
        return None
    return _attribute(
        order,
        referral.affiliate,
        route=Attribution.Route.COOKIE,
        click=referral.click,
        campaign=referral.click.sub if referral.click else "",
        clicked_at=referral.token.clicked_at,
    )


def _attribute(order: Order, affiliate: Affiliate, **how: object) -> Attribution:
    return Attribution.objects.create(
        order=order, affiliate=affiliate, rate_percent=affiliate.rate, terms_version=affiliate.terms_version, **how
    )
