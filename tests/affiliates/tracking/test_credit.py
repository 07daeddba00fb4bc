"""Which of several affiliates earns: the last one clicked, or by a setting the first."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpResponse
from django.test import Client
from pytest_django import Settings

from affiliates.models import Affiliate, Attribution, Click
from affiliates.tracking.middleware import ReferralMiddleware
from affiliates.tracking.referral_cookie import COOKIE
from shop.models import Product
from tests.shop.purchases import place

pytestmark = pytest.mark.usefixtures("paypal_down")


@pytest.fixture(autouse=True)
def erin(clock: time_machine.Traveller, alice: Affiliate, product: Product, erin: Affiliate) -> Affiliate:
    return erin


@pytest.mark.parametrize(("credit", "code"), [("last", "ERIN"), ("first", "DEMO")])
def test_credit_setting_decides_which_affiliate_earns(
    client: Client, settings: Settings, credit: str, code: str
) -> None:
    settings.AFFILIATE_CREDIT = credit
    client.get("/go/DEMO/")
    client.get("/go/ERIN/")
    assert Click.objects.count() == 2  # both have brought a click
    place(client)
    assert Attribution.objects.get().affiliate.code == code


def test_first_affiliate_keeps_cookie_unchanged(client: Client, settings: Settings) -> None:
    settings.AFFILIATE_CREDIT = "first"
    assert COOKIE in client.get("/go/DEMO/").cookies
    assert COOKIE not in client.get("/go/ERIN/").cookies


def test_next_affiliate_is_first_after_30_days(
    client: Client, settings: Settings, clock: time_machine.Traveller
) -> None:
    settings.AFFILIATE_CREDIT = "first"
    client.get("/go/DEMO/")
    clock.shift(timedelta(days=30))
    assert COOKIE in client.get("/go/ERIN/").cookies


def test_suspended_first_affiliate_does_not_block_next_one(
    client: Client, settings: Settings, alice: Affiliate
) -> None:
    settings.AFFILIATE_CREDIT = "first"
    client.get("/go/DEMO/")
    Affiliate.objects.filter(pk=alice.pk).update(state=Affiliate.State.SUSPENDED)
    assert COOKIE in client.get("/go/ERIN/").cookies


def test_invalid_credit_setting_stops_startup(settings: Settings) -> None:
    settings.AFFILIATE_CREDIT = "middle"
    with pytest.raises(ImproperlyConfigured, match="AFFILIATE_CREDIT must be one of: last, first"):
        ReferralMiddleware(lambda request: HttpResponse())
