"""Lists of the admin: none counts or sorts all of its rows, however many there are."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib import admin
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from privacy.admin_base import labelled_admin
from privacy.web import long_lists
from shop.models import License, Order, Payment, Product
from tests import factories

ORDERS = "/admin/shop/order/"


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lists with more than three rows are long."""
    for module in (long_lists, labelled_admin):
        monkeypatch.setattr(module, "MOST", 3)


@pytest.fixture
def orders(product: Product) -> list[Order]:
    made = [factories.order(product, amount_minor=100 * number, state="paid") for number in range(1, 6)]
    for order in made:
        factories.payment(order, state="paid")
    return made


def read(staff: Client, address: str) -> str:
    return " ".join(staff.get(address).content.decode().split())


def all_lists() -> list[str]:
    return [reverse(f"admin:{m._meta.app_label}_{m._meta.model_name}_changelist") for m in admin.site._registry]


def test_no_list_counts_its_rows_to_the_end(staff: Client) -> None:
    for address in all_lists():
        with CaptureQueriesContext(connection) as queries:
            staff.get(address, follow=True)
        counting = [q["sql"] for q in queries if "COUNT(" in q["sql"].upper() and 'AS "__count"' in q["sql"]]
        assert all(f"LIMIT {long_lists.MOST + 1}" in sql for sql in counting), (address, counting)


@pytest.mark.parametrize("address", ["/admin/privacy/outgoingmail/", "/admin/shop/paypalevent/"])
def test_filter_offers_declared_values_without_reading_all_rows(staff: Client, address: str) -> None:
    with CaptureQueriesContext(connection) as queries:
        staff.get(address)
    assert not [query for query in queries if "DISTINCT" in query["sql"]]


def test_filters_by_declared_values_work(staff: Client, product: Product) -> None:
    payment = factories.payment(factories.order(product))
    factories.paypal_event(payment, event_type="PAYMENT.CAPTURE.PENDING")
    address = "/admin/shop/paypalevent/?event_type="
    assert staff.get(f"{address}PAYMENT.CAPTURE.PENDING").context["cl"].result_count == 1
    assert staff.get(f"{address}PAYMENT.CAPTURE.DENIED").context["cl"].result_count == 0


@pytest.mark.usefixtures("short")
def test_long_list_says_that_it_goes_on(staff: Client, orders: list[Order]) -> None:
    text = read(staff, ORDERS)
    assert "More than 3 orders." in text
    assert "Select all 3" not in text
    assert "More than 3" not in read(staff, f"{ORDERS}?q={orders[0].reference}")


@pytest.mark.usefixtures("short")
def test_totals_below_a_long_list_are_left_to_the_report(staff: Client, orders: list[Order]) -> None:
    assert "Totals of all pages" not in read(staff, ORDERS)
    Payment.objects.filter(order__in=orders[2:]).delete()
    Order.objects.filter(pk__in=[order.pk for order in orders[2:]]).delete()
    assert "Totals of all pages" in read(staff, ORDERS)


@pytest.mark.usefixtures("short")
def test_action_on_all_pages_of_a_long_list_does_nothing(staff: Client, orders: list[Order]) -> None:
    Order.objects.update(downloads=5)
    sent = {"action": "reset_downloads", "select_across": "1", "index": "0", "_selected_action": [str(orders[0].pk)]}
    assert "Nothing was done" in staff.post(ORDERS, sent, follow=True).content.decode()
    assert not Order.objects.filter(downloads=0).exists()
    staff.post(ORDERS, {**sent, "select_across": "0"})
    assert Order.objects.filter(downloads=0).count() == 1


def test_action_on_all_pages_of_a_short_list_works(staff: Client, orders: list[Order]) -> None:
    Order.objects.update(downloads=5)
    sent = {"action": "reset_downloads", "select_across": "1", "index": "0", "_selected_action": [str(orders[0].pk)]}
    staff.post(ORDERS, sent)
    assert Order.objects.filter(downloads=0).count() == 5


def shown(staff: Client, query: str) -> list[int]:
    return [order.amount_minor for order in staff.get(f"{ORDERS}{query}").context["cl"].result_list]


def test_short_list_can_be_sorted_by_any_column(staff: Client, orders: list[Order]) -> None:
    Order.objects.filter(pk=orders[0].pk).update(product_name="Zebra")
    assert shown(staff, "?o=-3")[0] == 100


@pytest.mark.usefixtures("short")
def test_long_list_can_be_sorted_only_by_an_index(staff: Client, orders: list[Order]) -> None:
    Order.objects.filter(pk=orders[0].pk).update(product_name="Zebra")
    assert shown(staff, "?o=-3")[0] == 500  # its own order instead
    assert shown(staff, "?o=6")[0] == 100  # by the time it was placed
    for senseless in ("?o=99", "?o=x", "?o=-", "?o=3.-6", "?o=٣"):
        assert staff.get(f"{ORDERS}{senseless}").status_code == 200
    sortable = {column for column in staff.get(ORDERS).context["cl"].sortable_by if isinstance(column, str)}
    assert sortable == {"reference", "placed_at"}


def test_orders_paid_in_a_period_are_listed_by_the_time_of_payment(staff: Client, orders: list[Order]) -> None:
    now = timezone.now()
    for order, days in ((orders[0], 1), (orders[1], 2)):
        Order.objects.filter(pk=order.pk).update(paid_at=now - timedelta(days=days))
    assert shown(staff, f"?paid_at__gte={now - timedelta(days=9):%Y-%m-%d}+00%3A00%3A00%2B00%3A00") == [100, 200]
    assert "paid_at__isnull" not in read(staff, ORDERS)


def test_licenses_are_listed_by_product_and_by_state(staff: Client, orders: list[Order], product: Product) -> None:
    address, other = "/admin/shop/license/", factories.product(slug="other", name="Other")
    licenses = [License.objects.create(order=order, key=f"GUARD-{order.reference}") for order in orders[:3]]
    License.objects.filter(pk=licenses[0].pk).update(revoked_at=timezone.now())

    def listed(query: str) -> list[License]:
        return list(staff.get(f"{address}{query}").context["cl"].result_list)

    assert listed(f"?order__product__id__exact={product.pk}") == licenses[::-1]
    assert listed(f"?order__product__id__exact={other.pk}") == []
    assert (listed("?state=ended"), listed("?state=active")) == (licenses[:1], licenses[:0:-1])
