"""The earnings example on the program's page: the commission for a number of sales, from the rates in effect."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django import forms

from affiliates.commissions.rates import rate_for
from affiliates.models import calculate_commission
from shop.models import Product
from shop.money import Money

MOST_PRODUCTS = 3  # in the example; each costs a query


class EarningsForm(forms.Form):
    sales = forms.IntegerField(
        label="Sales a month",
        min_value=1,
        max_value=10_000,
        error_messages={"invalid": "Enter a whole number, such as 10.", "required": "Enter a number, such as 10."},
    )

    DEFAULT = 10


@dataclass(frozen=True)
class Earnings:
    """The commission on one sale of a product at its price, and on all of them."""

    product: Product
    rate: str
    each: Money
    total: Money


def earnings_for(sales: int, *, moment: datetime) -> list[Earnings]:
    found = []
    for product in Product.objects.active().filter(price_minor__isnull=False)[:MOST_PRODUCTS]:
        price = Money(product.price_minor or 0, product.currency)
        rate = rate_for(affiliate=None, product=product, currency=product.currency, moment=moment)
        each = calculate_commission(price, percent=rate.percent, flat_minor=rate.flat_minor)
        found.append(Earnings(product, rate.terms, each, each.times(sales)))
    return found
