"""The earnings example on the program's page is calculated from today's prices and rates."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from bs4 import BeautifulSoup
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from affiliates.commissions.rates import set_rate
from shop.models import Product
from shop.money import Money
from tests import factories

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("product")]


def page(client: Client, query: str = "") -> Any:
    page = BeautifulSoup(client.get(f"/affiliates/{query}").content, "html.parser")
    assert "UNDEFINED" not in str(page)
    return page


def rows(page: Any) -> list[list[str]]:
    return [[cell.get_text(strip=True) for cell in row.select("th, td")] for row in page.select("tbody tr")]


def test_example_shows_ten_sales_at_first(client: Client) -> None:
    assert rows(page(client)) == [["BPS Pro", "$59.95", "30%", "$17.99", "$179.90"]]


def test_example_calculates_another_number_without_a_script(client: Client) -> None:
    form = page(client).select_one("form[method=get]")
    assert form.find(attrs={"name": "sales"})["value"] == "10"
    assert rows(page(client, "?sales=3"))[0][-1] == "$53.97"
    assert "for 3 sales a month" in page(client, "?sales=3").caption.get_text()


def test_example_follows_the_rates_of_the_program_and_of_a_product(client: Client, product: Product) -> None:
    set_rate(percent=Decimal(20), actor=None)
    oil = factories.product(slug="oil", name="Oak oil")
    set_rate(product=oil, flat=Money(500, "USD"), actor=None)
    assert [row[2:4] for row in rows(page(client))] == [["20%", "$11.99"], ["$5.00 per sale", "$5.00"]]


@pytest.mark.parametrize("typed", ["0", "-1", "ten", "1e9", "10001", "", "%00", "9" * 400])
def test_example_explains_what_is_not_a_number_of_sales(client: Client, typed: str) -> None:
    shown = page(client, f"?sales={typed}")
    assert shown.select_one(".errorlist") is not None
    assert rows(shown)[0][-1] == "$179.90"


def test_without_products_there_is_no_example(client: Client) -> None:
    Product.objects.update(is_active=False)
    assert page(client).select_one("form[method=get]") is None


def test_more_products_cost_no_more_queries(
    client: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(10):
        factories.product(slug=f"product-{number}")
    with django_assert_max_num_queries(6):
        client.get("/affiliates/")
