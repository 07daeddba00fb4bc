"""A currency without decimals: yen from the product page to the refund, at PayPal too."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.core import mail
from django.test import Client

from shop.models import Order, Payment, Product
from shop.money import Money
from shop.payments.refunds import refund_payment
from tests import factories
from tests.shop.purchases import FORM, approve
from tests.standin_process import Standin


@pytest.fixture
def guard(db: None) -> Product:
    return factories.product(slug="guard", name="番犬 " + "守る" * 50, price_minor=8000, currency="JPY")


@pytest.fixture
def paid(client: Client, paypal: Standin, guard: Product) -> Payment:
    client.post("/checkout/guard/", {**FORM, "price_seen": "8,000 JPY"})
    payment = Payment.objects.get()
    client.get(approve(paypal, payment))
    payment.refresh_from_db()
    return payment


@pytest.mark.parametrize("address", ["/products/guard/", "/checkout/guard/"])
def test_the_price_has_no_decimals(client: Client, guard: Product, address: str) -> None:
    page = client.get(address).content.decode()
    assert "8,000 JPY" in page
    assert "80.00" not in page


def test_paypal_collects_whole_yen(client: Client, paid: Payment) -> None:
    assert paid.state == Payment.State.PAID
    assert str(paid.total) == "8,000 JPY"
    assert "8,000 JPY" in client.get(paid.order.get_absolute_url()).content.decode()


def test_a_name_beyond_paypals_limit_is_kept_whole_here(client: Client, paid: Payment, guard: Product) -> None:
    assert len(guard.name.encode()) > 127  # PayPal took it, so it was shortened on the way
    assert guard.name in client.get(paid.order.get_absolute_url()).content.decode()
    assert Order.objects.get().product_name == guard.name


def test_the_receipt_has_whole_yen(paid: Payment, work: Callable[[], int]) -> None:
    work()
    assert "8,000 JPY" in mail.outbox[0].body


def test_refund_in_yen_has_no_decimals(client: Client, paid: Payment) -> None:
    refund_payment(payment=paid, amount=Money.of("3000", "JPY"), actor=None)
    page = client.get(paid.order.get_absolute_url()).content.decode()
    assert "3,000 JPY" in page
    assert "5,000 JPY" in page


def test_staff_refund_no_half_yen(staff: Client, paid: Payment) -> None:
    page = staff.get(f"/admin/shop/payment/{paid.pk}/refund/").content.decode()
    assert 'value="8000"' in page
    refused = staff.post(f"/admin/shop/payment/{paid.pk}/refund/", {"amount": "3000.4"})
    assert "JPY has no decimals" in refused.content.decode()
    assert not paid.refunds.exists()
