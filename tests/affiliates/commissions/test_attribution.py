"""Who brought an order: decided when it is placed, and never afterwards."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
import time_machine
from django.test import Client

from affiliates.commissions.rates import set_rate
from affiliates.models import Affiliate, Attribution, Click, Commission
from affiliates.tracking.referral_cookie import COOKIE
from shop.models import Order, Product
from shop.payments.capture_booking import apply_capture
from tests import factories
from tests.shop.purchases import capture_of, place

pytestmark = pytest.mark.usefixtures("clock", "product", "paypal_down")


@pytest.fixture
def erin(db: None) -> Affiliate:
    affiliate = factories.affiliate("erin@example.com", "ERIN")
    set_rate(affiliate=affiliate, percent=Decimal("12.5"), actor=None)
    return affiliate


def test_the_link_attributes_the_order_when_it_is_placed(client: Client, alice: Affiliate) -> None:
    client.get("/go/DEMO/")
    order = place(client)
    assert order.state == Order.State.OPEN  # nothing is paid yet
    attribution = order.attribution
    assert (attribution.affiliate, attribution.route) == (alice, Attribution.Route.COOKIE)
    assert attribution.click == Click.objects.get()
    assert (attribution.rate_percent, attribution.terms_version) == (Decimal("30"), "1")


def test_a_code_beats_the_link(client: Client, alice: Affiliate, erin: Affiliate) -> None:
    client.get("/go/DEMO/")
    attribution = place(client, code=" erin ").attribution
    assert (attribution.affiliate, attribution.route) == (erin, Attribution.Route.CODE)
    assert attribution.click is None
    assert attribution.rate_percent == Decimal("12.5")


def test_nobody_brought_a_buyer_who_came_by_himself(client: Client, alice: Affiliate) -> None:
    order = place(client)
    assert not Attribution.objects.filter(order=order).exists()


def test_another_browsers_click_attributes_nothing(client: Client, alice: Affiliate) -> None:
    Client().get("/go/DEMO/")
    assert Click.objects.exists()
    place(client)
    assert not Attribution.objects.exists()


def test_the_last_click_wins(client: Client, alice: Affiliate, erin: Affiliate) -> None:
    client.get("/go/ERIN/")
    client.get("/go/DEMO/")
    assert place(client).attribution.affiliate == alice


def test_the_cookie_attributes_when_its_row_is_gone(client: Client, alice: Affiliate) -> None:
    client.get("/go/DEMO/")
    Click.objects.all().delete()
    attribution = place(client).attribution
    assert (attribution.affiliate, attribution.click) == (alice, None)


@pytest.mark.parametrize(
    ("age", "earns"),
    [
        (timedelta(days=29, hours=23, minutes=59), True),
        (timedelta(days=30), False),
        (timedelta(days=30, seconds=1), False),
    ],
)
def test_a_click_counts_for_30_days(
    client: Client, alice: Affiliate, clock: time_machine.Traveller, age: timedelta, earns: bool
) -> None:
    cookie = client.get("/go/DEMO/").cookies[COOKIE].value
    clock.shift(age)
    client.cookies[COOKIE] = cookie
    place(client)
    assert Attribution.objects.exists() is earns


@pytest.mark.parametrize("state", [Affiliate.State.SUSPENDED, Affiliate.State.CLOSED])
def test_a_suspended_affiliates_cookie_earns_nothing(client: Client, alice: Affiliate, state: str) -> None:
    client.get("/go/DEMO/")
    Affiliate.objects.update(state=state)
    assert place(client).email == "carol@example.org"
    assert not Attribution.objects.exists()


def test_a_suspended_affiliates_code_is_unknown(client: Client, alice: Affiliate) -> None:
    Affiliate.objects.update(state=Affiliate.State.SUSPENDED)
    response = client.post("/checkout/bps-pro/", {"name": "Carol", "email": "carol@example.org", "code": "DEMO"})
    assert "code doesn&#x27;t exist" in response.content.decode()
    assert not Order.objects.exists()


def test_a_forged_cookie_attributes_nothing(client: Client, alice: Affiliate) -> None:
    cookie = client.get("/go/DEMO/").cookies[COOKIE].value
    client.cookies[COOKIE] = cookie[:-6] + "AAAAAA"
    place(client)
    assert not Attribution.objects.exists()


def test_a_browser_that_refuses_tracking_can_still_name_a_code(client: Client, alice: Affiliate) -> None:
    client.get("/go/DEMO/", headers={"Sec-GPC": "1"})
    assert place(client, code="DEMO").attribution.affiliate == alice


def test_a_later_rate_changes_nothing(client: Client, alice: Affiliate) -> None:
    order = place(client, code="DEMO")
    set_rate(affiliate=alice, percent=Decimal(90), actor=None)
    payment = order.payments.get()
    apply_capture(payment=payment, capture=capture_of(payment))
    assert Commission.objects.get().total.minor == 1799


def test_an_order_sent_twice_earns_once_for_the_one_that_is_paid(client: Client, alice: Affiliate) -> None:
    client.get("/go/DEMO/")
    first, second = place(client), place(client)
    assert first.attribution.affiliate == second.attribution.affiliate == alice
    payment = second.payments.get()
    for _ in range(2):
        apply_capture(payment=payment, capture=capture_of(payment))
    assert Commission.objects.get().attribution.order == second


def test_an_attribution_outlives_the_click(
    client: Client, alice: Affiliate, clock: time_machine.Traveller, product: Product
) -> None:
    client.get("/go/DEMO/")
    order = place(client)
    Click.objects.all().delete()
    clock.shift(timedelta(days=40))
    payment = order.payments.get()
    apply_capture(payment=payment, capture=capture_of(payment))
    assert Commission.objects.get().affiliate == alice
