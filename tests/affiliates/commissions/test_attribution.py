"""Attribution is decided when the order is placed, and never later."""

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
from tests.shop.purchases import FORM, capture_of, place

pytestmark = pytest.mark.usefixtures("clock", "product", "paypal_down")


@pytest.fixture
def erin(erin: Affiliate) -> Affiliate:
    set_rate(affiliate=erin, percent=Decimal("12.5"), actor=None)
    return erin


def test_click_attributes_order_when_placed(client: Client, alice: Affiliate) -> None:
    client.get("/go/DEMO/")
    order = place(client)
    assert order.state == Order.State.OPEN  # nothing is paid yet
    attribution = order.attribution
    assert (attribution.affiliate, attribution.route) == (alice, Attribution.Route.COOKIE)
    assert attribution.click == Click.objects.get()
    assert (attribution.rate_percent, attribution.terms_version) == (Decimal("30"), "1")


def test_entered_code_takes_precedence_over_link(client: Client, alice: Affiliate, erin: Affiliate) -> None:
    client.get("/go/DEMO/")
    attribution = place(client, code=" erin ").attribution
    assert (attribution.affiliate, attribution.route) == (erin, Attribution.Route.CODE)
    assert attribution.click is None
    assert attribution.rate_percent == Decimal("12.5")


def test_direct_order_has_no_attribution(client: Client, alice: Affiliate) -> None:
    order = place(client)
    assert not Attribution.objects.filter(order=order).exists()


def test_click_in_another_browser_does_not_attribute(client: Client, alice: Affiliate) -> None:
    Client().get("/go/DEMO/")
    assert Click.objects.exists()
    place(client)
    assert not Attribution.objects.exists()


def test_last_click_wins(client: Client, alice: Affiliate, erin: Affiliate) -> None:
    client.get("/go/ERIN/")
    client.get("/go/DEMO/")
    assert place(client).attribution.affiliate == alice


def test_cookie_attributes_without_click_row(client: Client, alice: Affiliate) -> None:
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
def test_click_attributes_for_30_days(
    client: Client, alice: Affiliate, clock: time_machine.Traveller, age: timedelta, earns: bool
) -> None:
    cookie = client.get("/go/DEMO/").cookies[COOKIE].value
    clock.shift(age)
    client.cookies[COOKIE] = cookie
    place(client)
    assert Attribution.objects.exists() is earns


@pytest.mark.parametrize("state", [Affiliate.State.SUSPENDED, Affiliate.State.CLOSED])
def test_cookie_of_suspended_affiliate_does_not_attribute(client: Client, alice: Affiliate, state: str) -> None:
    client.get("/go/DEMO/")
    Affiliate.objects.update(state=state)
    assert place(client).email == "carol@example.org"
    assert not Attribution.objects.exists()


@pytest.mark.parametrize("state", [Affiliate.State.SUSPENDED, Affiliate.State.CLOSED])
def test_code_of_suspended_affiliate_works_for_the_buyer_and_earns_nothing(
    client: Client, alice: Affiliate, state: str
) -> None:
    Affiliate.objects.update(state=state)
    assert place(client, code="DEMO").email == "carol@example.org"
    assert not Attribution.objects.exists()


def test_code_of_suspended_affiliate_leaves_the_sale_to_anothers_link(
    client: Client, alice: Affiliate, erin: Affiliate
) -> None:
    client.get("/go/ERIN/products/bps-pro/")
    Affiliate.objects.filter(pk=alice.pk).update(state=Affiliate.State.SUSPENDED)
    place(client, code="DEMO")
    assert Attribution.objects.get().affiliate == erin


@pytest.mark.parametrize("typed", ["DEMO ERIN", "demo, erin", "DEMO+ERIN"])
def test_codes_of_two_affiliates_are_named_as_such(
    client: Client, alice: Affiliate, erin: Affiliate, typed: str
) -> None:
    response = client.post("/checkout/bps-pro/", {**FORM, "code": typed})
    assert "These are several affiliate codes. Please enter only one of them." in response.content.decode()
    assert not Order.objects.exists()


def test_one_unknown_code_of_two_does_not_exist(client: Client, alice: Affiliate) -> None:
    response = client.post("/checkout/bps-pro/", {**FORM, "code": "DEMO NOBODY"})
    assert "code doesn&#x27;t exist" in response.content.decode()
    assert not Order.objects.exists()


def test_forged_cookie_does_not_attribute(client: Client, alice: Affiliate) -> None:
    cookie = client.get("/go/DEMO/").cookies[COOKIE].value
    client.cookies[COOKIE] = cookie[:-6] + "AAAAAA"
    place(client)
    assert not Attribution.objects.exists()


def test_code_attributes_in_browser_that_refuses_tracking(client: Client, alice: Affiliate) -> None:
    client.get("/go/DEMO/", headers={"Sec-GPC": "1"})
    assert place(client, code="DEMO").attribution.affiliate == alice


def test_later_rate_does_not_change_attribution(client: Client, alice: Affiliate) -> None:
    order = place(client, code="DEMO")
    set_rate(affiliate=alice, percent=Decimal(90), actor=None)
    payment = order.payments.get()
    apply_capture(payment=payment, capture=capture_of(payment))
    assert Commission.objects.get().total.minor == 1799


def test_order_sent_twice_earns_one_commission(client: Client, alice: Affiliate) -> None:
    client.get("/go/DEMO/")
    first, second = place(client), place(client)
    assert first.attribution.affiliate == second.attribution.affiliate == alice
    payment = second.payments.get()
    for _ in range(2):
        apply_capture(payment=payment, capture=capture_of(payment))
    assert Commission.objects.get().attribution.order == second


def test_attribution_survives_deletion_of_click(
    client: Client, alice: Affiliate, clock: time_machine.Traveller, product: Product
) -> None:
    client.get("/go/DEMO/")
    order = place(client)
    Click.objects.all().delete()
    clock.shift(timedelta(days=40))
    payment = order.payments.get()
    apply_capture(payment=payment, capture=capture_of(payment))
    assert Commission.objects.get().affiliate == alice
