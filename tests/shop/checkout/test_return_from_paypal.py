"""The return from PayPal: no URL breaks it or reveals an order."""

from __future__ import annotations

import base64

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shop.checkout.checkout_cookie import COOKIE, MAX_ORDERS, set_checkout_cookie
from shop.models import Order, Payment, Product
from tests import factories
from tests.shop.purchases import place
from tests.standin_process import Standin

RETURN, CANCELLED = "/checkout/return/", "/checkout/cancelled/"
ALREADY_PAID = "5O190127TN364715T"
ANYTHING = st.text(st.characters(exclude_categories=["Cs"]), max_size=200)


@pytest.fixture
def payment(product: Product) -> Payment:
    return factories.payment(
        factories.order(product, state=Order.State.OPEN), state=Payment.State.CREATED, paypal_order_id=ALREADY_PAID
    )


def assert_plain_404(query: str | dict[str, str]) -> None:
    client = Client()
    response = client.get(f"{RETURN}?{query}") if isinstance(query, str) else client.get(RETURN, query)
    assert response.status_code == 404
    page = response.content.decode()
    assert "<h1" in page
    assert "Traceback" not in page
    assert ALREADY_PAID not in page


@pytest.mark.usefixtures("payment")
@pytest.mark.parametrize(
    "query",
    [
        "",
        "token=",
        "token=%00",
        "token=%0d%0aLocation:%20https://evil.example",
        "token=" + "A" * 10_000,
        "token=%ff%fe",
        "token[]=5O190127TN364715T",
        "token%5B%5D=5O190127TN364715T",
        "token=5O190127TN364715T&token=",
        "token=5o190127tn364715t",
        "token=5O190127TN364715T%20",
        "token=' OR 1=1 --",
        "token=../../admin/",
        "token={{7*7}}",
        "PayerID=5O190127TN364715T",
    ],
)
def test_a_token_that_is_none_of_ours_is_a_plain_404(query: str) -> None:
    assert_plain_404(query)


@pytest.mark.usefixtures("payment")
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(token=ANYTHING, payer=ANYTHING)
def test_malformed_return_token_leads_to_no_order(token: str, payer: str) -> None:
    assert_plain_404({"token": f"x{token}", "PayerID": payer})


@pytest.mark.usefixtures("paypal_down")
@pytest.mark.parametrize("payer", ["", "A" * 10_000, "%00", "SOMEBODY-ELSE", "%0d%0aSet-Cookie:%20a=b"])
def test_the_payers_number_is_never_looked_at(payment: Payment, payer: str) -> None:
    response = sent_to_paypal(payment.order).get(
        f"{RETURN}?token={ALREADY_PAID}&PayerID={payer}&amount=0.01&currency=JPY"
    )
    assert response.status_code == 302
    assert response.headers["Location"] == f"{payment.order.get_absolute_url()}?asking=1"
    payment.refresh_from_db()
    assert (payment.state, str(payment.total)) == ("created", "$59.95")


def sent_to_paypal(*orders: Order) -> Client:
    """A browser that went to PayPal with these orders, one after the other."""
    client = Client()
    for order in orders:
        request, response = HttpRequest(), HttpResponse()
        request.COOKIES = {name: morsel.value for name, morsel in client.cookies.items()}
        set_checkout_cookie(request, response, order)
        client.cookies.update(response.cookies)
    return client


@pytest.mark.usefixtures("paypal_down")
@pytest.mark.parametrize("way_back", [RETURN, CANCELLED])
def test_another_browser_with_paypals_number_is_not_led_to_the_order(payment: Payment, way_back: str) -> None:
    own = sent_to_paypal(payment.order).get(way_back, {"token": ALREADY_PAID})
    assert payment.order.link_token in own.headers["Location"]
    for strange in (Client(), sent_to_paypal(factories.order(payment.order.product)), forged(payment.order)):
        response = strange.get(way_back, {"token": ALREADY_PAID})
        assert response.status_code == 200
        page = response.content.decode()
        assert "You are back from PayPal" in page
        assert payment.order.link_token not in page
        assert payment.order.reference not in page


def forged(order: Order) -> Client:
    client = Client()
    client.cookies[COOKIE] = base64.urlsafe_b64encode(b"\x01test" + order.pk.bytes * 4).decode()
    return client


@pytest.mark.usefixtures("paypal_down")
def test_a_browser_may_pay_for_several_orders_at_once(payment: Payment) -> None:
    others = [factories.order(payment.order.product) for _ in range(MAX_ORDERS)]
    browser = sent_to_paypal(payment.order, *others[1:])
    assert browser.get(CANCELLED, {"token": ALREADY_PAID}).status_code == 302
    assert len(browser.cookies[COOKIE].value) < 300
    browser = sent_to_paypal(payment.order, *others)  # the oldest is forgotten
    assert browser.get(CANCELLED, {"token": ALREADY_PAID}).status_code == 200


def test_the_cookie_goes_to_no_other_page(client: Client, product: Product, paypal: Standin) -> None:
    order = place(client)
    cookie = client.cookies[COOKIE]
    assert (cookie["path"], cookie["httponly"], cookie["samesite"], cookie["max-age"]) == (
        "/checkout/",
        True,
        "Lax",
        86400,
    )
    assert str(order.pk) not in cookie.value


@pytest.mark.usefixtures("payment")
def test_return_page_accepts_no_post() -> None:
    assert Client().post(RETURN, {"token": ALREADY_PAID}).status_code == 405
