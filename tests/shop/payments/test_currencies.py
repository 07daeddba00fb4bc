"""Currencies with and without decimals, and texts beyond PayPal's limits, from the form to the receipt."""

from __future__ import annotations

import pytest
from django.test import Client

from shop.models import Order, Product
from shop.money import Money
from shop.paypal.gateway import gateway
from shop.paypal.request_bodies import shortened
from tests import factories
from tests.shop.purchases import buy, place
from tests.standin_process import Standin

LONG_NAME = "Überwachung für Websites, " * 4 + "größer"  # 110 characters that PayPal counts as more than 127


@pytest.mark.slow
@pytest.mark.parametrize(
    ("currency", "price_minor", "shown"),
    [("JPY", 6000, "6,000 JPY"), ("HUF", 21990, "21,990 HUF"), ("TWD", 1990, "1,990 TWD"), ("EUR", 5990, "59.90 EUR")],
)
def test_a_price_is_paid_as_it_is_shown(
    client: Client, paypal: Standin, db: None, currency: str, price_minor: int, shown: str
) -> None:
    factories.product(currency=currency, price_minor=price_minor)
    payment = buy(client, paypal)
    assert (payment.state, payment.problem) == ("paid", "")
    assert gateway().get_capture(payment.capture_id or "").amount == Money(price_minor, currency)
    assert shown in client.get(payment.order.get_absolute_url()).content.decode()


@pytest.mark.slow
def test_a_long_name_is_shortened_for_paypal_and_kept_whole_here(client: Client, paypal: Standin, db: None) -> None:
    assert len(LONG_NAME) <= 120
    factories.product(name=LONG_NAME)
    payment = buy(client, paypal)
    assert payment.state == "paid"
    assert Order.objects.get().product_name == LONG_NAME
    assert len(shortened(LONG_NAME, 127).encode()) <= 127
    assert shortened(LONG_NAME, 127).startswith("Überwachung für Websites")
    assert LONG_NAME in client.get(payment.order.get_absolute_url()).content.decode()


@pytest.mark.slow
def test_no_price_comes_from_the_browser(client: Client, paypal: Standin, product: Product) -> None:
    order = place(client, amount="0.01", price="0.01", amount_minor="1", currency="JPY", state="paid", product="1")
    assert (str(order.total), order.state) == ("$59.95", "open")
    remote = gateway().get_order(order.payments.get().paypal_order_id or "")
    assert remote.total == Money(5995, "USD")
