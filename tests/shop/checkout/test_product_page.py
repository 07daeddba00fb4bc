"""The product: its price, a way to buy it, and a plain answer where there is none."""

from __future__ import annotations

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from shop.models import Order, Product
from tests import factories
from tests.shop.purchases import CAROL


def test_product_page_shows_the_price_and_leads_to_checkout(client: Client, product: Product) -> None:
    page = client.get("/products/bps-pro/").content.decode()
    assert "$59.95" in page
    assert 'href="/checkout/bps-pro/"' in page


@pytest.mark.parametrize("address", ["/products/{}/", "/checkout/{}/"])
@pytest.mark.parametrize(
    ("slug", "words"), [("old", "This product isn't currently for sale"), ("never-was", "This page isn")]
)
def test_inactive_product_is_404(client: Client, product: Product, address: str, slug: str, words: str) -> None:
    factories.product(slug="old", name="Old thing", is_active=False)
    assert client.get(address.format("bps-pro")).status_code == 200
    for response in (client.get(address.format(slug)), client.post(address.format(slug), CAROL)):
        if response.status_code != 405:  # the product page accepts no post
            assert response.status_code == 404
            assert words in response.content.decode()
            assert "Old thing" not in response.content.decode()
    assert not Order.objects.exists()


@pytest.mark.parametrize(
    ("address", "queries"), [("/products/", 3), ("/products/bps-pro/", 6), ("/checkout/bps-pro/", 3)]
)
def test_number_of_queries_does_not_grow(
    client: Client, product: Product, django_assert_num_queries: DjangoAssertNumQueries, address: str, queries: int
) -> None:
    for number in range(3):
        factories.release(product, version=f"1.{number}")
        factories.release(factories.product(slug=f"other-{number}"))
    with django_assert_num_queries(queries):
        client.get(address)
