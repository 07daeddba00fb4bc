"""An affiliate's current rates per product, why they apply, and how far the next step is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q

from affiliates.commissions.rates import AppliedRate, applied_rate
from shop.models import Product

from ..models import Affiliate, Rate

MOST = 20  # products shown


@dataclass(frozen=True)
class RateNow:
    """`steps` and `progress` are empty for a rate without steps."""

    product: str
    terms: str
    why: str
    steps: str
    progress: str


def rates_now(affiliate: Affiliate, *, now: datetime) -> list[RateNow]:
    """One per product on sale, and services if they have a rate; any other product without one has the general one."""
    found = []
    for product in Product.objects.filter(Q(is_active=True) | Q(is_service=True)).order_by("name")[:MOST]:
        applied = applied_rate(affiliate=affiliate, product=product, currency=product.currency, moment=now)
        if product.is_service and applied.is_default:
            continue
        rate = applied.rate
        if rate.group_id:  # which is the affiliate's: loaded once for all products
            rate.group = affiliate.group
        steps = f"{rate.terms}, {rate.step_terms}" if rate.step_terms else ""
        found.append(RateNow(product.name, applied.terms, _explain_rate(rate), steps, explain_progress(applied)))
    return found


def explain_progress(applied: AppliedRate) -> str:
    """`12 more approved sales by November 30 until 35%`; which sales count is said beside it."""
    if applied.span is None or applied.sales is None:
        return ""
    if applied.next_step is None:
        until = f"{applied.span.until:%B %-d, %Y}"
        return f"You have reached the last step. It applies through {until}; then sales count from zero again."
    more = applied.next_step.from_sales - applied.sales
    sales = "1 more sale" if more == 1 else f"{more:,} more sales"
    return f"{sales} until {applied.next_step.terms}: {applied.sales:,} approved so far in {applied.span.name}."


def _explain_rate(rate: Rate) -> str:
    since = "" if rate._state.adding else f", since {rate.starts_at:%B %-d, %Y}"
    until = f", until {rate.ends_at:%B %-d, %Y, %H:%M} UTC" if rate.ends_at else ""
    if rate.affiliate_id and rate.product_id:
        return f"agreed with you for this product{since}{until}"
    if rate.affiliate_id:
        return f"agreed with you{since}{until}"
    if rate.group and rate.product_id:
        return f"your group's ({rate.group}) for this product{since}{until}"
    if rate.group:
        return f"your group's ({rate.group}){since}{until}"
    if rate.product_id:
        return f"this product's rate for all affiliates{since}{until}"
    return f"the program's rate for all affiliates{since}{until}"
