"""An affiliate's current rates per product, and why they apply."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q

from affiliates.commissions.rates import rate_for
from shop.models import Product

from ..models import Affiliate, Rate

MOST = 20  # products shown


@dataclass(frozen=True)
class RateNow:
    product: str
    terms: str
    why: str


def rates_now(affiliate: Affiliate, *, now: datetime) -> list[RateNow]:
    """One per product on sale, and services if they have a rate; any other product without one has the general one."""
    found = []
    for product in Product.objects.filter(Q(is_active=True) | Q(is_service=True)).order_by("name")[:MOST]:
        rate = rate_for(affiliate=affiliate, product=product, currency=product.currency, moment=now)
        if product.is_service and rate._state.adding:
            continue
        found.append(RateNow(product.name, rate.terms, _explain_rate(rate)))
    return found


def _explain_rate(rate: Rate) -> str:
    since = "" if rate._state.adding else f", since {rate.starts_at:%B %-d, %Y}"
    until = f", until {rate.ends_at:%B %-d, %Y, %H:%M} UTC" if rate.ends_at else ""
    if rate.affiliate_id and rate.product_id:
        return f"agreed with you for this product{since}{until}"
    if rate.affiliate_id:
        return f"agreed with you{since}{until}"
    if rate.product_id:
        return f"this product's rate for all affiliates{since}{until}"
    return f"the program's rate for all affiliates{since}{until}"
