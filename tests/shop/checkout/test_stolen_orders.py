"""Values from a stolen database open nothing in the shop."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from privacy.encryption.keys import RootKey
from privacy.encryption.rotation import columns, rotate
from shop.delivery.licenses import issue_license
from shop.models import Order, Payment, Product
from tests import factories
from tests.shop.purchases import approve, place
from tests.standin_process import Standin


@pytest.fixture
def order(product: Product) -> Order:
    """Paid, with a license key, a release, and PayPal's numbers beside it."""
    order = factories.order(product, state=Order.State.PAID, paid_at=timezone.now())
    factories.payment(
        order, state=Payment.State.PAID, paypal_order_id="5O190127TN364715T", capture_id="3C679366HH908993F"
    )
    issue_license(order=order)
    return order


def stolen(table: str) -> list[str]:
    """Every value of a table, as text and as hexadecimal digits."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT * FROM {table}")  # noqa: S608
        values = [value for row in cursor.fetchall() for value in row if value not in (None, "")]
    raw = [bytes(value) if isinstance(value, (bytes, memoryview)) else str(value).encode() for value in values]
    return [*(value.decode("latin-1") for value in raw), *(value.hex() for value in raw), *map(str, values)]


def test_no_value_of_the_database_opens_the_page_of_an_order(client: Client, order: Order) -> None:
    release = factories.release(order.product)
    assert order.licenses.get().key in client.get(order.get_absolute_url()).content.decode()
    for value in {*stolen("shop_order"), *stolen("shop_payment"), *stolen("shop_license")} - {".", ".."}:
        path = f"/orders/{quote(value, safe='')}/"
        assert client.get(path).status_code == 404, path
        assert client.post(f"{path}pay/").status_code == 404
        assert client.post(f"{path}download/{release.pk}/").status_code == 404
        assert client.get(f"/downloads/{quote(value, safe='')}/").status_code == 404


def test_the_orders_id_is_no_address(client: Client, order: Order) -> None:
    assert client.get(f"/orders/{order.pk}/").status_code == 404
    assert client.get(f"/orders/{order.pk.hex}/").status_code == 404
    assert client.get(f"/orders/{order.reference}/").status_code == 404


def test_the_links_of_mails_sent_before_work_after_a_rotation(client: Client, order: Order, settings: Settings) -> None:
    sent_before = order.get_absolute_url()
    old, new = settings.ENCRYPTION_KEYS, RootKey(b"new!", b"n" * 32).written_out()
    settings.ENCRYPTION_KEYS = f"{new},{old}"
    assert client.get(sent_before).status_code == 200
    for column in columns():
        rotate(column)
    settings.ENCRYPTION_KEYS = new
    assert client.get(sent_before).status_code == 200
    assert Order.objects.get().get_absolute_url() == sent_before


def test_paypal_is_told_no_address_of_an_order(client: Client, product: Product, paypal: Standin) -> None:
    payment = place(client).payments.get()
    for choice in ("pay", "cancel"):
        back = approve(paypal, payment, choice=choice)
        assert back.startswith("/checkout/")
        assert payment.order.link_token not in back
        assert str(payment.order_id) not in back


def test_the_thief_who_cancels_at_paypal_is_not_led_to_the_order(
    client: Client, product: Product, paypal: Standin
) -> None:
    """PayPal's URL is in the database, and its cancel link leads back here."""
    payment = place(client).payments.get()
    back = approve(paypal, payment, choice="cancel")
    assert client.get(back).headers["Location"].startswith(payment.order.get_absolute_url())
    thief = Client().get(back)
    assert thief.status_code == 200
    assert payment.order.link_token not in thief.content.decode()
    assert payment.order.reference not in thief.content.decode()
