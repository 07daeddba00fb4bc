"""A prefetched link gets 503, so that the browser asks again on the click."""

from __future__ import annotations

import pytest
import time_machine
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from affiliates.models import Affiliate, Click
from affiliates.tracking.link_tester import link_test_token
from affiliates.tracking.referral_cookie import COOKIE
from shop.models import Product
from tests import factories

AHEAD = [
    {"Sec-Purpose": "prefetch"},
    {"Sec-Purpose": "prefetch;prerender"},
    {"Sec-Purpose": "prefetch;anonymous-client-ip"},
    {"Purpose": "prefetch"},
    {"X-Moz": "prefetch"},
    {"X-Purpose": "preview"},
]


@pytest.fixture(autouse=True)
def _cast(clock: time_machine.Traveller, alice: Affiliate, product: Product) -> None:
    """Noon, Alice and the product."""


@pytest.mark.parametrize("headers", AHEAD)
@pytest.mark.parametrize(
    "address",
    ["/go/DEMO/", "/go/DEMO", "/go/DEMO/products/bps-pro/", "/go/NOBODY/", "/?ref=DEMO", "/contact/?ref=DEMO&go=1"],
)
def test_prefetched_link_gets_503_and_later_click_counts(client: Client, address: str, headers: dict[str, str]) -> None:
    response = client.get(address, headers=headers)
    assert response.status_code == 503
    assert response.headers["Cache-Control"] == "no-store"
    assert not response.cookies
    assert not Click.objects.exists()
    assert COOKIE in client.get(address.replace("NOBODY", "DEMO")).cookies
    assert Click.objects.count() == 1


def test_prefetched_link_test_gets_503(client: Client) -> None:
    address = f"/go/DEMO/?test={link_test_token('DEMO')}"
    assert client.get(address, headers={"Sec-Purpose": "prefetch"}).status_code == 503
    assert client.get(address).status_code == 200


def test_page_without_code_can_be_prefetched(client: Client, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    with django_assert_num_queries(1):  # the menu's
        assert client.get("/affiliates/applied/", headers={"Sec-Purpose": "prefetch"}).status_code == 200


def test_prefetch_is_answered_where_no_click_is_counted(client: Client, product: Product) -> None:
    order = factories.order(product)
    assert client.get(f"{order.get_absolute_url()}?ref=DEMO", headers={"Sec-Purpose": "prefetch"}).status_code == 200
    assert client.get("/no/such/page?ref=DEMO", headers={"Sec-Purpose": "prefetch"}).status_code == 404
