"""The order page: its status in plain words, for anyone with its URL."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from shop.models import Order, Payment, Product
from tests import factories


@pytest.mark.parametrize(
    ("order_state", "payment_state", "words", "payable"),
    [
        ("open", None, "Your order is waiting for payment", True),
        ("open", "created", "Nothing has been charged yet", True),
        ("open", "capturing", "We're checking your payment with PayPal", False),
        ("open", "declined", "You can try again with another card or bank account", True),
        ("open", "declined", "Nothing was charged. You can try again", True),
        ("open", "expired", "It was not approved at PayPal in time", True),
        ("pending", "pending", "PayPal is still checking your payment", False),
        ("paid", "paid", "Thank you, your order is paid", False),
        ("part_refunded", "part_refunded", "Your order was partially refunded", False),
        ("refunded", "refunded", "Your order was refunded", False),
    ],
)
def test_order_page_shows_the_status(
    client: Client, product: Product, order_state: str, payment_state: str | None, words: str, payable: bool
) -> None:
    order = factories.order(product, state=order_state)
    if payment_state:
        factories.payment(order, state=payment_state)
    page = client.get(order.get_absolute_url()).content.decode()
    assert words in page
    assert order.reference in page
    assert "$59.95" in page
    assert ("with PayPal</button>" in page) is payable


def test_order_page_names_the_failed_payment_method(client: Client, product: Product) -> None:
    order = factories.order(product)
    factories.payment(order, state=Payment.State.CREATED, approval=2)
    assert "Please choose another one at PayPal" in client.get(order.get_absolute_url()).content.decode()


@pytest.mark.parametrize("state", ["open", "paid"])
def test_buyer_notices_a_mistyped_address(client: Client, product: Product, state: str) -> None:
    order = factories.order(product, state=state, paid_at=datetime(2026, 3, 2, tzinfo=UTC) if state == "paid" else None)
    page = client.get(order.get_absolute_url()).content.decode()
    assert "c…@example.org" in page
    assert "Not your address?" in page
    assert "carol@example.org" not in page


def test_coming_back_without_paying_keeps_the_order(client: Client, product: Product) -> None:
    order = factories.order(product)
    factories.payment(order, state=Payment.State.CREATED, paypal_order_id="5O190127TN364715T")
    page = client.get(f"{order.get_absolute_url()}?cancelled=1").content.decode()
    assert "Payment canceled" in page
    assert "with PayPal</button>" in page


def test_the_cancel_link_of_an_order_paid_since_says_paid(client: Client, product: Product) -> None:
    order = factories.order(product, state=Order.State.PAID)
    assert "your order is paid" in client.get(f"{order.get_absolute_url()}?cancelled=1").content.decode()


def test_order_page_is_a_receipt_with_amounts_and_dates(client: Client, product: Product) -> None:
    paid_at = datetime(2026, 3, 2, 12, 30, tzinfo=UTC)
    order = factories.order(product, state=Order.State.PART_REFUNDED, paid_at=paid_at)
    payment = factories.payment(order, state=Payment.State.PART_REFUNDED, capture_id="3C679366HH908993F")
    Payment.objects.update(refunded_minor=1500)
    for cents, day in ((1000, 3), (500, 4)):
        completed_at = datetime(2026, 3, day, tzinfo=UTC)
        payment.refunds.create(amount_minor=cents, currency="USD", state="completed", completed_at=completed_at)
    payment.refunds.create(amount_minor=700, currency="USD", state="failed")
    page = " ".join(client.get(order.get_absolute_url()).content.decode().split())
    for words in ("March 2, 2026, 12:30 UTC", "3C679366HH908993F", "$10.00 on March 3, 2026", "$5.00 on March 4"):
        assert words in page
    assert "$44.95" in page
    assert "$7.00" not in page


def test_order_url_holds_256_random_bits(product: Product) -> None:
    first, second = (factories.order(product).link_token for _ in range(2))
    assert len(first) == len(second) == 43
    assert not {first[start : start + 6] for start in range(38)} & {second[start : start + 6] for start in range(38)}


def test_order_url_is_not_sent_as_referrer(client: Client, product: Product) -> None:
    headers = client.get(factories.order(product).get_absolute_url()).headers
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["X-Robots-Tag"] == "noindex, nofollow, noarchive"
    assert "private" in headers["Cache-Control"]


def test_paid_order_page_sets_no_cookie(client: Client, product: Product) -> None:
    response = client.get(factories.order(product, state=Order.State.REFUNDED).get_absolute_url())
    assert response.status_code == 200
    assert not response.cookies


def test_order_page_needs_few_queries(
    client: Client, product: Product, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    order = factories.order(product, state=Order.State.PAID)
    for number in range(3):
        factories.release(product, version=f"1.{number}")
    with django_assert_num_queries(7):
        client.get(order.get_absolute_url())


def test_order_page_does_not_name_the_buyer(client: Client, product: Product) -> None:
    order = factories.order(product)
    page = client.get(order.get_absolute_url()).content.decode()
    assert order.reference in page
    assert "Carol" not in page
    assert "carol@" not in page


@pytest.mark.django_db
@pytest.mark.parametrize("number", ["1d2f7b0a-6c3e-4b57-9f3c-0a5b8c9d7e61", "1", "B123456789", "..%2Fadmin"])
def test_an_unknown_order_is_a_plain_404(client: Client, number: str) -> None:
    for address in (f"/orders/{number}/", f"/orders/{number}/pay/"):
        response = client.post(address) if address.endswith("pay/") else client.get(address)
        assert response.status_code == 404
        assert "This page isn" in response.content.decode()


@pytest.mark.django_db
@pytest.mark.parametrize("query", ["", "?token=", "?token=5O190127TN364715T", "?token=%00", "?token=%FF", "?x=1"])
def test_unexpected_return_is_404(client: Client, query: str) -> None:
    response = client.get(f"/checkout/return/{query}")
    assert response.status_code == 404
    assert "This page isn" in response.content.decode()


def test_order_page_is_never_cached(client: Client, product: Product) -> None:
    assert "no-store" in client.get(factories.order(product).get_absolute_url()).headers["Cache-Control"]


def test_a_paid_order_is_not_paid_again(client: Client, product: Product) -> None:
    order = factories.order(product, state=Order.State.PAID)
    response = client.post(f"{order.get_absolute_url()}pay/")
    assert (response.status_code, response.headers["Location"]) == (302, order.get_absolute_url())
    assert not Payment.objects.exists()


def test_paying_is_a_post(client: Client, product: Product) -> None:
    assert client.get(f"{factories.order(product).get_absolute_url()}pay/").status_code == 405
