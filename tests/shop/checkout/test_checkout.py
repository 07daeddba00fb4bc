"""The checkout form: keeps input, validates affiliate codes, and never accepts a price from the browser."""

from __future__ import annotations

import pytest
from bs4 import BeautifulSoup
from django.db import connection
from django.test import Client

from affiliates.models import Affiliate
from shop.models import Order, Product
from tests import factories
from tests.shop.purchases import CAROL, FORM

pytestmark = pytest.mark.usefixtures("product", "paypal_down")

CHECKOUT = "/checkout/bps-pro/"


def typed(page: str) -> dict[str, str]:
    fields = BeautifulSoup(page, "html.parser").find_all("input")
    return {str(field["name"]): str(field.get("value", "")) for field in fields if field.get("name") in CAROL}


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("name", "", "This field is required"),
        ("name", "x" * 151, "at most 150 characters"),
        ("name", "a\x00b", "Null characters are not allowed"),
        ("email", "", "This field is required"),
        ("email", "carol", "Enter a valid email address"),
        ("email", f"{'x' * 250}@example.org", "at most 254 characters"),
        ("code", "NOBODY", "code doesn&#x27;t exist"),
        ("code", "not a code!", "code doesn&#x27;t exist"),
        ("code", "x" * 501, "at most 500 characters"),
    ],
)
def test_a_mistake_is_named_and_everything_kept(client: Client, field: str, value: str, message: str) -> None:
    data = {**CAROL, "code": "", field: value}
    response = client.post(CHECKOUT, data)
    page = response.content.decode()
    assert response.status_code == 200
    assert "Please check the form" in page
    assert message in page
    assert typed(page) == data
    assert not Order.objects.exists()


def test_a_known_code_is_taken_however_it_is_typed(client: Client, alice: Affiliate) -> None:
    assert client.post(CHECKOUT, {**FORM, "code": " demo "}).status_code == 503  # placed; PayPal is down
    assert Order.objects.get().attribution.affiliate == alice


def test_the_price_is_the_products_whatever_the_browser_says(client: Client) -> None:
    client.post(CHECKOUT, {**FORM, "amount": "0.01", "amount_minor": "1", "price": "0.01", "currency": "JPY"})
    assert str(Order.objects.get().total) == "$59.95"


def test_a_later_price_does_not_change_an_order(client: Client, product: Product) -> None:
    client.post(CHECKOUT, FORM)
    Product.objects.update(price_minor=9999, name="Renamed")
    order = Order.objects.get()
    assert (str(order.total), order.product_name) == ("$59.95", "BPS Pro")


def test_the_buyer_is_stored_sealed(client: Client) -> None:
    client.post(CHECKOUT, FORM)
    order = Order.objects.get()
    assert (order.name, order.email) == ("Carol Customer", "carol@example.org")
    with connection.cursor() as cursor:
        cursor.execute("SELECT name, email, email_index FROM shop_order")
        assert not [value for value in cursor.fetchone() if b"arol" in bytes(value).lower()]


def test_references_are_random_and_readable(product: Product, client: Client) -> None:
    for _ in range(3):
        client.post(CHECKOUT, FORM)
    references = set(Order.objects.values_list("reference", flat=True))
    assert len(references) == 3
    assert all(len(reference) == 10 and reference.isalnum() for reference in references)


def test_only_the_payment_pages_may_lead_to_paypal(client: Client, product: Product) -> None:
    order = factories.order(product)
    allowed = {
        path: client.get(path).headers["Content-Security-Policy"] for path in (CHECKOUT, order.get_absolute_url())
    }
    assert all("form-action 'self' http://127.0.0.1:8001" in policy for policy in allowed.values())
    for path in ("/", "/products/bps-pro/", "/contact/"):
        assert "form-action 'self';" in client.get(path).headers["Content-Security-Policy"] + ";"


def test_the_empty_form_is_kept_for_the_back_button_alone(client: Client) -> None:
    assert client.get(CHECKOUT).headers["Cache-Control"] == "private, max-age=0"


@pytest.mark.parametrize("email", ["carol@example.org", "carol"])
def test_submitted_checkout_form_is_never_cached(client: Client, email: str) -> None:
    assert "no-store" in client.post(CHECKOUT, {**FORM, "email": email}).headers["Cache-Control"]


def test_checkout_requires_the_csrf_token() -> None:
    response = Client(enforce_csrf_checks=True).post(CHECKOUT, FORM)
    assert response.status_code == 403
    assert "Please send the form again" in response.content.decode()
    assert not Order.objects.exists()
