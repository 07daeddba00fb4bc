"""An affiliate in France earns from a sale without anything having been stored on the buyer's device."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit

import pytest
import time_machine
from bs4 import BeautifulSoup
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from affiliates.commissions.lifecycle import approve_commission
from affiliates.models import Affiliate, Attribution, Click, Commission, PendingVisitCount
from affiliates.statistics.click_rollups import count_visits
from privacy.evidence.rehearsal.opened_texts import opened_texts
from privacy.registry.purpose_binding import Acting, acting_as
from shop.models import Payment, Product
from tests.affiliates.sales import balance
from tests.shop.purchases import CAROL
from tests.standin_process import Standin

ADDRESS = "203.0.113.77"


class Buyer:
    """A browser that notes whatever it is told to store."""

    def __init__(self) -> None:
        self.client = Client(REMOTE_ADDR=ADDRESS, enforce_csrf_checks=True)
        self.stored: dict[str, str] = {}
        self.url = ""
        self.page = BeautifulSoup("", "html.parser")

    def open(self, url: str) -> None:
        while True:
            response = self.client.get(url)
            self._note(response)
            if response.status_code != 302:
                break
            url = response.headers["Location"]
        assert response.status_code == 200
        self.url, self.page = url, BeautifulSoup(response.content, "html.parser")

    def follow(self, path: str) -> None:
        """A link on the page, to this path."""
        self.open(next(str(a["href"]) for a in self.page.select("a[href]") if urlsplit(str(a["href"])).path == path))

    def check_out(self, paypal: Standin) -> None:
        """Fills in the form as it is on the page, pays at PayPal, and returns."""
        form = self.page.select_one("main form[method=post]")
        assert form is not None
        fields = {str(field["name"]): str(field.get("value", "")) for field in form.select("input")}
        response = self.client.post(str(form.get("action") or self.url), {**fields, **CAROL})
        self._note(response)
        returned = urlsplit(paypal.decide(response.headers["Location"]))
        self.open(f"{returned.path}?{returned.query}")

    def _note(self, response: object) -> None:
        cookies = getattr(response, "cookies", {})
        self.stored |= {name: cookie.value for name, cookie in cookies.items()}


def places_of(text: str) -> set[str]:
    """The columns that have it, those bound to a purpose too."""
    with acting_as(Acting(upkeep=True)):
        return {place for place, value in opened_texts() if text in value}


@pytest.fixture(autouse=True)
def _cast(clock: time_machine.Traveller, alice: Affiliate, product: Product) -> None:
    """Noon, Alice and the product."""


def test_affiliate_earns_without_anything_stored_on_the_buyers_device(
    settings: Settings, alice: Affiliate, paypal: Standin, work: Callable[[], int]
) -> None:
    settings.AFFILIATE_CONSENT = "link"
    buyer = Buyer()
    buyer.open("/go/DEMO/?sub=blog")
    for path in ("/services/", "/products/", "/products/bps-pro/"):
        buyer.follow(path)
    assert buyer.stored == {}
    assert not Click._base_manager.exists()

    buyer.follow("/checkout/bps-pro/")
    buyer.check_out(paypal)
    work()
    direct = Buyer()
    direct.open("/checkout/bps-pro/")
    direct.check_out(paypal)
    # The form and the way back from PayPal need their own cookies, whoever sent the buyer.
    assert buyer.stored.keys() == direct.stored.keys() == {"csrftoken", "aitpro_checkout"}
    assert not any("DEMO" in value for value in buyer.stored.values())

    attribution = Attribution.objects.get()  # the direct buyer's order has none
    assert (attribution.affiliate, attribution.route, attribution.click) == (alice, Attribution.Route.TOKEN, None)
    commission = Commission.objects.get()
    approve_commission(commission=commission, actor=None)
    assert balance(alice) == "$17.99"  # 30% of $59.95

    count_visits(now=timezone.now())
    assert not Click._base_manager.exists()
    assert not PendingVisitCount.objects.exists()
    assert places_of(ADDRESS) == set()
    assert places_of("carol@example.org")  # the search does find what the order needs


def test_same_sale_with_signal_stores_cookie_and_address(settings: Settings, paypal: Standin) -> None:
    """What the test above looks for is there with the default mode."""
    assert settings.AFFILIATE_CONSENT == "signal"
    buyer = Buyer()
    buyer.open("/go/DEMO/")
    assert buyer.stored.keys() == {"aitpro_referral"}
    buyer.open("/checkout/bps-pro/")
    buyer.check_out(paypal)
    assert Payment.objects.get().order.attribution.route == Attribution.Route.COOKIE
    assert places_of(ADDRESS) == {"affiliates_click.address"}
