"""The shop's figures: each paid order and completed refund once, on its day, in its currency."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from privacy.admin_base.reporting.periods import ReportPeriod
from shop.models import Order, Product, Refund
from shop.money import Money
from shop.reports.figures import Sales, shop_figures
from tests import factories

MARCH = ReportPeriod(date(2026, 3, 1), date(2026, 3, 31))
NOON = datetime(2026, 3, 15, 20, 0, tzinfo=UTC)


def paid(product: Product, price: str, at: datetime = NOON, currency: str = "USD") -> Order:
    order = factories.order(
        product, amount_minor=Money.of(price, currency).minor, currency=currency, state="paid", paid_at=at
    )
    factories.payment(order, state="paid")
    return order


def refunded(order: Order, amount: str, at: datetime = NOON, state: str = "completed") -> Refund:
    money = Money.of(amount, order.currency)
    payment = order.payments.get()
    return Refund.objects.create(
        payment=payment, amount_minor=money.minor, currency=money.currency, state=state, completed_at=at
    )


def test_refund_counts_on_its_own_day(product: Product) -> None:
    refunded(paid(product, "59.95", datetime(2026, 2, 10, tzinfo=UTC)), "20.00")
    paid(product, "100.00")
    paid(product, "50.01")
    [march] = shop_figures(MARCH)
    assert (march.orders, str(march.gross), march.refund_count, str(march.refunds)) == (2, "$150.01", 1, "$20.00")
    assert (str(march.net), str(march.average)) == ("$130.01", "$75.01")


def test_unpaid_order_and_reverted_refund_do_not_count(product: Product) -> None:
    factories.order(product)
    refunded(paid(product, "10.00"), "10.00", state="reverted")
    [march] = shop_figures(MARCH)
    assert (march.orders, march.refund_count, str(march.net)) == (1, 0, "$10.00")


def test_month_begins_and_ends_at_midnight_of_the_business(product: Product) -> None:
    paid(product, "1.00", datetime(2026, 3, 1, 7, 59, 59, tzinfo=UTC))  # February in Los Angeles
    paid(product, "2.00", datetime(2026, 3, 1, 8, 0, tzinfo=UTC))
    paid(product, "4.00", datetime(2026, 4, 1, 6, 59, 59, tzinfo=UTC))
    paid(product, "8.00", datetime(2026, 4, 1, 7, 0, tzinfo=UTC))
    assert str(shop_figures(MARCH)[0].gross) == "$6.00"


def test_currencies_are_never_added(product: Product) -> None:
    paid(product, "10.00")
    refunded(paid(product, "5000", currency="JPY"), "1000")
    refunded(paid(product, "3.00", datetime(2026, 1, 2, tzinfo=UTC), "EUR"), "3.00")
    assert [str(sales.net) for sales in shop_figures(MARCH)] == ["$10.00", "-3.00 EUR", "4,000 JPY"]
    with pytest.raises(ValueError, match="different currencies"):
        Sales("USD") + Sales("EUR")


@pytest.mark.django_db
def test_without_sales_it_is_zero_in_the_usual_currency() -> None:
    assert shop_figures(MARCH) == [Sales("USD")]
    assert shop_figures(MARCH)[0].average is None


def test_figures_cost_two_queries(product: Product) -> None:
    for _ in range(5):
        refunded(paid(product, "59.95"), "1.00")
    with CaptureQueriesContext(connection) as queries:
        shop_figures(MARCH)
    assert len(queries) == 2
