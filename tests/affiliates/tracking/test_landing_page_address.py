"""The page that a link leads to keeps the code in its address: opened again in another browser it attributes there too,
and the visit is counted once."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from affiliates.models import Affiliate, Attribution, By, Click, DailyClicks
from affiliates.statistics.click_rollups import count_visits
from affiliates.tracking.referral_cookie import COOKIE, EARLIER, LONGEST, Token
from shop.models import Product
from tests.affiliates.tracking.pages import referral_page
from tests.conftest import NOON
from tests.shop.purchases import place

GOOGLEBOT = {"User-Agent": "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"}


@pytest.fixture(autouse=True)
def _cast(clock: time_machine.Traveller, alice: Affiliate, product: Product) -> None:
    """Noon, Alice and the product."""


def landing(client: Client, link: str = "/go/DEMO/products/bps-pro/", **headers: str) -> str:
    """Follows a link, and then its redirect, as a browser does. Returns the address of the page."""
    address = client.get(link, headers=headers).headers["Location"]
    assert client.get(address, headers=headers).status_code == 200
    return str(address)


def counted() -> dict[str, int]:
    """The day's figures that are not 0."""
    count_visits(now=timezone.now())
    row = DailyClicks.objects.filter(by=By.ALL).first() or DailyClicks()
    figures = {"clicks": row.clicks, "bots": row.bots, "previews": row.previews, "refused": row.refused}
    return {name: count for name, count in figures.items() if count}


def test_landing_address_contains_only_code_and_minute(client: Client, alice: Affiliate) -> None:
    address = landing(client, "/go/demo/products/bps-pro/?sub=jane@example.com&x=1")
    assert address == f"/products/bps-pro/?ref=DEMO&go={int(timezone.now().timestamp()) // 60:x}"
    other = Client()
    assert landing(other, REMOTE_ADDR="203.0.113.9") == address


@pytest.mark.usefixtures("paypal_down")
def test_landing_address_attributes_in_another_browser_without_second_click(
    client: Client, clock: time_machine.Traveller, alice: Affiliate
) -> None:
    address = landing(client)
    clock.shift(timedelta(minutes=5))
    safari = Client()
    response = safari.get(address)
    token = Token.parse(response.cookies[COOKIE].value)
    assert token is not None
    assert token.expires_at == timezone.now() - timedelta(minutes=5) + timedelta(days=30)
    assert counted() == {"clicks": 1}
    place(safari)
    assert Attribution.objects.get().affiliate == alice


def test_same_browser_is_not_counted_again_on_landing_page(client: Client) -> None:
    address = client.get("/go/DEMO/").headers["Location"]
    response = client.get(address)
    assert response.status_code == 200
    assert response.headers["Cache-Control"] == "no-store"
    assert not response.cookies
    assert counted() == {"clicks": 1}


@pytest.mark.parametrize("later", [timedelta(minutes=31), timedelta(days=1), timedelta(days=29)])
def test_reloaded_tab_is_no_click_and_extends_nothing(
    client: Client, clock: time_machine.Traveller, later: timedelta
) -> None:
    address = landing(client)
    clock.shift(later)
    assert not client.get(address).cookies
    assert Click.objects.count() == 1


def test_reloaded_old_tab_does_not_replace_later_affiliate(
    client: Client, clock: time_machine.Traveller, erin: Affiliate
) -> None:
    address = landing(client)
    clock.shift(timedelta(hours=1))
    landing(client, "/go/ERIN/")
    assert not client.get(address).cookies
    assert "the affiliate with the code ERIN" in referral_page(client)


def test_reloaded_old_tab_does_not_replace_affiliate_after_many_clicks(
    client: Client, clock: time_machine.Traveller, erin: Affiliate
) -> None:
    safari = Client()
    address = landing(client)
    safari.get(address)
    for _ in range(EARLIER):
        clock.shift(timedelta(hours=1))
        for browser in (client, safari):
            landing(browser, "/go/ERIN/")
    assert len(client.cookies[COOKIE].value) <= LONGEST
    for browser in (client, safari):
        assert not browser.get(address).cookies
        assert "the affiliate with the code ERIN" in referral_page(browser)
    assert Click.objects.count() == 1 + 2 * EARLIER


def test_cookie_drops_earlier_click_after_30_days(client: Client, clock: time_machine.Traveller) -> None:
    landing(client)
    for expected in ([NOON], [NOON + timedelta(days=20)]):
        clock.shift(timedelta(days=20))
        landing(client)
        token = Token.parse(client.cookies[COOKIE].value)
        assert token is not None
        assert list(token.earlier) == expected


@pytest.mark.parametrize("age", [timedelta(minutes=30), timedelta(hours=1), timedelta(days=28)])
def test_published_landing_address_counts_for_visitor_of_another_affiliate(
    client: Client, clock: time_machine.Traveller, age: timedelta, erin: Affiliate
) -> None:
    """Whoever published it copied it from the address bar; the cookie is older or younger than that."""
    address = landing(Client())
    clock.shift(age - timedelta(minutes=10))
    landing(client, "/go/ERIN/products/bps-pro/")
    clock.shift(timedelta(minutes=10))
    token = Token.parse(client.get(address).cookies[COOKIE].value)
    assert token is not None
    assert token.expires_at == timezone.now() + timedelta(days=30)
    assert Click.objects.count() == 3
    assert "the affiliate with the code DEMO" in referral_page(client)


def test_landing_address_within_30_minutes_is_same_visit(
    client: Client, clock: time_machine.Traveller, erin: Affiliate
) -> None:
    address = landing(Client())
    clock.shift(timedelta(minutes=5))
    landing(client, "/go/ERIN/")
    assert COOKIE in client.get(address).cookies
    assert Click.objects.count() == 2
    assert "the affiliate with the code DEMO" in referral_page(client)


def test_copied_landing_address_counts_later_for_same_affiliate(client: Client, clock: time_machine.Traveller) -> None:
    address = landing(Client())
    clock.shift(timedelta(minutes=10))
    landing(client)
    clock.shift(timedelta(minutes=40))
    assert COOKIE in client.get(address).cookies
    assert Click.objects.count() == 3


def test_shared_landing_address_counts_as_new_click_later(client: Client, clock: time_machine.Traveller) -> None:
    address = landing(client)
    clock.shift(timedelta(minutes=30))
    friend = Client()
    assert COOKIE in friend.get(address).cookies
    assert COOKIE not in friend.get(address).cookies
    assert counted() == {"clicks": 2}


def test_browser_without_cookies_is_counted_once(client: Client) -> None:
    address = Client().get("/go/DEMO/").headers["Location"]
    Client().get(address)
    assert counted() == {"clicks": 1}


@pytest.mark.parametrize(
    ("headers", "figures"),
    [({"Sec-GPC": "1"}, {"refused": 1}), ({"DNT": "1"}, {"refused": 1}), (GOOGLEBOT, {"bots": 1})],
)
def test_bot_or_refusing_visitor_gets_no_code_and_is_counted_once(
    headers: dict[str, str], figures: dict[str, int]
) -> None:
    assert landing(Client(), "/go/DEMO/services/", **headers) == "/services/"
    assert counted() == figures


def test_landing_address_stores_nothing_for_refusing_browser(client: Client) -> None:
    address = landing(client)
    response = Client().get(address, headers={"Sec-GPC": "1"})
    assert not response.cookies
    assert counted() == {"clicks": 1}


def test_first_affiliate_keeps_visitor_under_first_click_rule(
    client: Client, settings: Settings, erin: Affiliate
) -> None:
    settings.AFFILIATE_CREDIT = "first"
    landing(client)
    landing(client, "/go/ERIN/")
    assert "the affiliate with the code DEMO" in referral_page(client)
    assert Click.objects.count() == 2


def test_repeated_link_redirects_to_minute_of_first_click(client: Client, clock: time_machine.Traveller) -> None:
    address = landing(client)
    clock.shift(timedelta(minutes=10))
    assert landing(client) == address
    assert Click.objects.count() == 1


@pytest.mark.parametrize("go", ["", "0", "x", "-1", "ffffffff", "9" * 5000, "%00", "1_0", "é", "0x1"])
def test_invalid_minute_in_landing_address_is_ignored(client: Client, go: str) -> None:
    assert COOKIE in client.get("/", {"ref": "DEMO", "go": go}).cookies
    assert Click.objects.count() == 1


@pytest.mark.parametrize("go", ["", "0", "1", "x", "-1", "1c2b3a4f", "ffffffff"])
def test_invalid_minute_does_not_block_click_for_another_affiliate(client: Client, go: str, erin: Affiliate) -> None:
    landing(client, "/go/ERIN/")
    assert COOKIE in client.get("/", {"ref": "DEMO", "go": go}).cookies
    assert Click.objects.count() == 2
    assert "the affiliate with the code DEMO" in referral_page(client)


def test_landing_page_has_canonical_link(client: Client) -> None:
    link = client.get("/services/?ref=DEMO").headers["Link"]
    assert link == '<http://127.0.0.1:8000/services/>; rel="canonical"'
    assert "Link" not in client.get("/services/").headers


def test_form_post_on_landing_page_is_no_visit(client: Client) -> None:
    response = client.post("/contact/?ref=DEMO", {"name": "Dave"})
    assert response.status_code == 200
    assert COOKIE not in response.cookies
    assert counted() == {}
