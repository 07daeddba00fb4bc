"""Fifty of the same at once: one capture, one order, one receipt, one commission."""

from __future__ import annotations

from urllib.parse import urljoin

import pytest
import requests

from tests.paypal_standin.receiver import Hook, Receiver
from tests.running_site import wait_for
from tests.shop.processes.shop_site import Booked, ShopSite, all_at_once, form_on, token_in, visit
from tests.shop.purchases import paypal_address
from tests.visitor import Visitor

pytestmark = pytest.mark.slow

FIFTY = 50


def message(paypal_messages: Receiver, order_id: str) -> Hook:
    """PayPal's word that the buyer has approved."""
    return paypal_messages.wait_for(order_id, "CHECKOUT.ORDER.APPROVED")[0]


def deliver(shop: ShopSite, hook: Hook) -> requests.Response:
    headers = {name: value for name, value in hook.headers.items() if name.lower().startswith(("paypal-", "content-t"))}
    return requests.post(f"{shop.site.url}/paypal/webhook/", hook.raw, headers=headers, timeout=60)


def the_only_order(shop: ShopSite, email: str) -> Booked:
    [order] = shop.ledger()[email]
    return order


def assert_paid_once(shop: ShopSite, email: str, paypal_orders_before: int) -> None:
    shop.wait_for_receipt(email)
    order = the_only_order(shop, email)
    assert (order.state, order.receipts, order.commissions, order.problems) == ("paid", 1, 1, [])
    assert [shop.captures()[capture] for capture in order.captures] == [1]
    assert shop.paypal_orders() == paypal_orders_before + 1
    assert shop.receipt_mails(email) == 1


def the_end_of(shop: ShopSite, click: requests.Response) -> str:
    """Where a click leads in the end."""
    visitor = shop.site.visitor()
    return paypal_address(click.headers["Location"], lambda page: visit(urljoin(shop.site.url, page), visitor)())


@pytest.fixture
def before(shop: ShopSite) -> int:
    return shop.paypal_orders()


@pytest.fixture
def buyer(request: pytest.FixtureRequest, shop: ShopSite, before: int) -> Visitor:
    """On PayPal's page, through Alice's link. The address is the test's name."""
    return shop.order(address_of(request), through_affiliate=True)


def address_of(request: pytest.FixtureRequest) -> str:
    return f"{request.node.name[:40].replace('_', '-')}@example.org"


def test_the_same_message_fifty_times(
    request: pytest.FixtureRequest, shop: ShopSite, buyer: Visitor, paypal_messages: Receiver, before: int
) -> None:
    back = shop.approve(buyer)
    hook = message(paypal_messages, token_in(back))
    answers = all_at_once([lambda: deliver(shop, hook)] * FIFTY)
    assert {answer.status_code for answer in answers} == {200}
    assert_paid_once(shop, address_of(request), before)


def test_coming_back_fifty_times(request: pytest.FixtureRequest, shop: ShopSite, buyer: Visitor, before: int) -> None:
    answers = all_at_once([visit(shop.approve(buyer), buyer)] * FIFTY)
    assert {answer.status_code for answer in answers} == {302}
    assert_paid_once(shop, address_of(request), before)


def test_fifty_clicks_on_pay_lead_to_one_paypal_order(
    request: pytest.FixtureRequest, shop: ShopSite, before: int
) -> None:
    """The first attempt never got as far as PayPal, so that all of them want to start one, and PayPal is slow."""
    email = address_of(request)
    shop.fault("status_503", "/v2/checkout/orders", times=3)
    buyer = shop.order(email, through_affiliate=True)
    assert "temporarily unavailable" in buyer.text
    shop.fault("slow", "/v2/checkout/orders", seconds=0.7)
    answers = all_at_once([form_on(buyer, "with PayPal")] * FIFTY)
    assert {answer.status_code for answer in answers} == {302}
    [address] = {the_end_of(shop, answer) for answer in answers}
    buyer.open(address)
    buyer.submit("Pay")
    assert_paid_once(shop, email, before)


def test_fifty_presses_of_the_checkouts_button_make_one_order(
    request: pytest.FixtureRequest, shop: ShopSite, before: int
) -> None:
    email = address_of(request)
    buyer = shop.site.visitor()
    buyer.open("/go/DEMO/products/bps-pro/", allow_redirects=False)
    buyer.open("/checkout/bps-pro/")
    press = form_on(buyer, "Continue to PayPal", name="Carol Customer", email=email)
    answers = all_at_once([press] * FIFTY)
    assert {answer.status_code for answer in answers} == {302}
    [address] = {the_end_of(shop, answer) for answer in answers}
    buyer.open(address)
    buyer.submit("Pay")
    assert_paid_once(shop, email, before)


def test_messages_returns_and_clicks_all_at_once(
    request: pytest.FixtureRequest, shop: ShopSite, buyer: Visitor, paypal_messages: Receiver, before: int
) -> None:
    email = address_of(request)
    path = the_only_order(shop, email).path
    page = shop.site.visitor()
    page.open(path)
    click = form_on(page, "with PayPal")
    back = shop.approve(buyer)
    hook = message(paypal_messages, token_in(back))
    answers = all_at_once([lambda: deliver(shop, hook), visit(back, buyer), click] * (FIFTY // 3))
    assert {answer.status_code for answer in answers} == {200, 302}
    wait_for(lambda: the_only_order(shop, email).state == "paid", "the payment")
    assert_paid_once(shop, email, before)
