"""The order's page: its state in plain words for whoever has the address, and nothing for anybody else."""

from __future__ import annotations

from uuid import uuid4

import pytest
from django.test import Client

from shop.models import Order, Payment, Product
from tests import factories


@pytest.mark.parametrize(
    ("order_state", "payment_state", "words", "payable"),
    [
        ("open", None, "Your order waits for payment", True),
        ("open", "created", "Nothing was charged so far", True),
        ("open", "capturing", "We are asking PayPal about your payment", False),
        ("open", "declined", "PayPal declined the payment, and nothing was charged", True),
        ("open", "expired", "The time to approve this payment at PayPal is over", True),
        ("pending", "pending", "PayPal is still checking your payment", False),
        ("paid", "paid", "Thank you, your order is paid", False),
        ("part_refunded", "part_refunded", "Your order was partly refunded", False),
        ("refunded", "refunded", "Your order was refunded", False),
    ],
)
def test_it_says_how_things_stand(
    client: Client, product: Product, order_state: str, payment_state: str | None, words: str, payable: bool
) -> None:
    order = factories.order(product, state=order_state)
    if payment_state:
        factories.payment(order, state=payment_state)
    page = client.get(f"/orders/{order.pk}/").content.decode()
    assert words in page
    assert order.reference in page
    assert "59.95 USD" in page
    assert ("at PayPal</button>" in page) is payable


def test_it_says_which_way_to_pay_failed(client: Client, product: Product) -> None:
    order = factories.order(product)
    factories.payment(order, state=Payment.State.CREATED, approval=2)
    assert "Please choose another way to pay there" in client.get(f"/orders/{order.pk}/").content.decode()


def test_it_names_no_buyer(client: Client, product: Product) -> None:
    order = factories.order(product)
    page = client.get(f"/orders/{order.pk}/").content.decode()
    assert order.reference in page
    assert "Carol" not in page
    assert "carol@" not in page


@pytest.mark.django_db
@pytest.mark.parametrize("number", [str(uuid4()), "1", "B123456789", "..%2Fadmin"])
def test_an_unknown_order_is_a_plain_404(client: Client, number: str) -> None:
    for address in (f"/orders/{number}/", f"/orders/{number}/pay/"):
        response = client.post(address) if address.endswith("pay/") else client.get(address)
        assert response.status_code == 404
        assert "This page isn" in response.content.decode()


@pytest.mark.django_db
@pytest.mark.parametrize("query", ["", "?token=", "?token=5O190127TN364715T", "?token=%00", "?token=%FF", "?x=1"])
def test_a_return_that_nobody_expects_is_a_plain_404(client: Client, query: str) -> None:
    response = client.get(f"/checkout/return/{query}")
    assert response.status_code == 404
    assert "This page isn" in response.content.decode()


def test_it_is_never_cached(client: Client, product: Product) -> None:
    assert "no-store" in client.get(f"/orders/{factories.order(product).pk}/").headers["Cache-Control"]


def test_a_paid_order_is_not_paid_again(client: Client, product: Product) -> None:
    order = factories.order(product, state=Order.State.PAID)
    response = client.post(f"/orders/{order.pk}/pay/")
    assert (response.status_code, response.headers["Location"]) == (302, f"/orders/{order.pk}/")
    assert not Payment.objects.exists()


def test_paying_is_a_post(client: Client, product: Product) -> None:
    assert client.get(f"/orders/{factories.order(product).pk}/pay/").status_code == 405
