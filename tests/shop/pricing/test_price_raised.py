"""The price changes while a buyer has the checkout form open: the buyer reads the new one before anything is placed."""

from __future__ import annotations

import pytest
from bs4 import BeautifulSoup
from django.test import Client

from shop.models import Order, Payment, Product
from tests.shop.purchases import CAROL

CHECKOUT = "/checkout/bps-pro/"

pytestmark = pytest.mark.usefixtures("product", "paypal_down")  # an order that is placed gets 503 then, and is kept


def form_in(page: bytes) -> dict[str, str]:
    """The form data that a browser would send."""
    fields = BeautifulSoup(page, "html.parser").select("form.form input[name]")
    return {str(field["name"]): str(field.get("value", "")) for field in fields}


@pytest.mark.parametrize(
    ("changed", "now"),
    [
        ({"price_minor": 7995}, "$79.95"),
        ({"price_minor": 4995}, "$49.95"),
        ({"price_minor": 5995, "currency": "EUR"}, "59.95 EUR"),
    ],
)
def test_the_new_price_is_shown_with_what_was_typed_before_anything_is_placed(
    client: Client, changed: dict[str, object], now: str
) -> None:
    sent = {**form_in(client.get(CHECKOUT).content), **CAROL}
    Product.objects.update(**changed)
    for _ in range(2):  # a double click sends the old form twice
        shown = client.post(CHECKOUT, sent)
        assert shown.status_code == 200
        assert f"The price is now {now}" in shown.content.decode()
        assert not Order.objects.exists()
        assert not Payment.objects.exists()
    again = form_in(shown.content)
    assert {**again, **CAROL} == again
    assert client.post(CHECKOUT, again).status_code == 503
    assert str(Order.objects.get().total) == now


def test_a_price_that_changes_twice_is_shown_twice(client: Client) -> None:
    sent = {**form_in(client.get(CHECKOUT).content), **CAROL}
    for price in (7995, 8995):
        Product.objects.update(price_minor=price)
        sent = form_in(client.post(CHECKOUT, sent).content)
    assert not Order.objects.exists()
    assert client.post(CHECKOUT, sent).status_code == 503
    assert str(Order.objects.get().total) == "$89.95"


def test_a_form_that_placed_its_order_before_leads_to_it_at_the_price_of_that_time(client: Client) -> None:
    sent = {**form_in(client.get(CHECKOUT).content), **CAROL}
    client.post(CHECKOUT, sent)
    Product.objects.update(price_minor=7995)
    client.post(CHECKOUT, sent)
    assert str(Order.objects.get().total) == "$59.95"


@pytest.mark.parametrize("seen", ["", "$0.01", "59.95", "' OR 1=1"])
def test_price_in_the_form_never_becomes_the_price(client: Client, seen: str) -> None:
    sent = {**form_in(client.get(CHECKOUT).content), **CAROL, "price_seen": seen}
    again = form_in(client.post(CHECKOUT, sent).content)
    assert not Order.objects.exists()
    client.post(CHECKOUT, again)
    assert str(Order.objects.get().total) == "$59.95"
