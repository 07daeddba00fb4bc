"""`AFFILIATE_CONSENT=link`: nothing is ever stored, and a signed token in this site's own links attributes an order."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from affiliates.models import Affiliate, Attribution, Click, DailyClicks, OldLink, PendingVisitCount, StorageNotAllowed
from affiliates.statistics.click_rollups import count_visits
from affiliates.tracking import clicks
from affiliates.tracking.labels import declare_label
from affiliates.tracking.link_token import LinkToken
from affiliates.tracking.referral_cookie import COOKIE, REFUSAL
from shop.models import Order, Product
from tests import factories
from tests.affiliates.consent.pages import counted, land
from tests.affiliates.tracking.pages import referral_page
from tests.shop.purchases import FORM, place

LINK = "/go/DEMO/products/bps-pro/"


@pytest.fixture(autouse=True)
def _stores_nothing(settings: Settings, clock: time_machine.Traveller, alice: Affiliate, product: Product) -> None:
    settings.AFFILIATE_CONSENT = "link"


def token_of(client: Client, link: str = LINK) -> str:
    """The token in the address that a link leads to."""
    return land(client, link)[0].partition("sent_by=")[2]


def order_with(client: Client, query: str) -> Attribution | None:
    """Places an order at the checkout of this address."""
    client.get(f"/checkout/bps-pro/{query}")
    client.post(f"/checkout/bps-pro/{query}", FORM)
    return Attribution.objects.filter(order=Order.objects.latest("placed_at", "pk")).first()


@pytest.mark.parametrize("parameter", ["via", "referral"])
def test_old_link_of_a_former_program_leads_to_a_page_with_a_token(
    client: Client, alice: Affiliate, parameter: str
) -> None:
    OldLink.objects.create(affiliate=alice, parameter=parameter, value="12")
    address, _ = land(client, f"/services/?{parameter}=12")
    assert address.startswith("/services/?sent_by=DEMO.")
    assert counted() == {"clicks": 1}


@pytest.mark.parametrize("link", [LINK, "/products/bps-pro/?ref=demo", "/products/bps-pro/?sub=x&ref=DEMO&go=1"])
def test_link_leads_to_a_page_with_a_token_and_stores_nothing(client: Client, link: str) -> None:
    address, _ = land(client, link, REMOTE_ADDR="203.0.113.5")
    page, _, token = address.partition("?sent_by=")
    assert page == "/products/bps-pro/"
    assert LinkToken.parse(token) == LinkToken("DEMO", timezone.now())
    assert not client.cookies
    assert not Click._base_manager.exists()


@pytest.mark.parametrize("link", [f"{LINK}?code=SAVE10", "/products/bps-pro/?code=SAVE10&ref=DEMO"])
def test_discount_code_in_the_link_goes_along_with_the_token(client: Client, link: str) -> None:
    assert land(client, link)[0].startswith("/products/bps-pro/?code=SAVE10&sent_by=DEMO.")


def test_redirect_with_a_token_is_cached_nowhere(client: Client) -> None:
    for link in (LINK, "/services/?ref=DEMO"):
        assert client.get(link).headers["Cache-Control"] == "no-store"


def test_token_is_the_same_for_everybody_in_the_same_minute(client: Client, clock: time_machine.Traveller) -> None:
    token = token_of(client)
    clock.shift(timedelta(seconds=59))
    assert (
        token_of(
            Client(REMOTE_ADDR="203.0.113.9", headers={"User-Agent": "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0"})
        )
        == token
    )
    clock.shift(timedelta(seconds=1))
    assert token_of(client) != token


def test_other_parts_of_the_address_stay(client: Client) -> None:
    address, _ = land(client, "/affiliates/?sales=20&ref=DEMO&go=1&sub=x")
    assert address.startswith("/affiliates/?sales=20&sent_by=DEMO.")


def test_click_is_counted_by_page_and_label_without_a_visitor(client: Client, alice: Affiliate) -> None:
    label = declare_label(affiliate=alice, text="spring")
    land(client, f"{LINK}?sub=spring", REMOTE_ADDR="203.0.113.5")
    kept = PendingVisitCount.objects.get()
    assert (kept.clicks, kept.landing_path, kept.label_id) == (1, "/products/bps-pro/", label.pk)
    assert counted() == {"clicks": 1}
    assert set(DailyClicks.objects.values_list("by", flat=True)) == {"all", "campaign", "landing"}
    count_visits(now=timezone.now())
    assert not Click._base_manager.exists()


@pytest.mark.usefixtures("paypal_down")
def test_token_attributes_an_order_without_cookie_row_or_address(client: Client, alice: Affiliate) -> None:
    attribution = order_with(client, f"?sent_by={token_of(client)}")
    assert attribution is not None
    assert (attribution.affiliate, attribution.route, attribution.click) == (alice, Attribution.Route.TOKEN, None)
    assert COOKIE not in client.cookies
    assert not Click._base_manager.exists()


@pytest.mark.usefixtures("paypal_down")
def test_order_without_the_token_is_nobodys(client: Client) -> None:
    token_of(client)
    assert order_with(client, "") is None


@pytest.mark.usefixtures("paypal_down")
@pytest.mark.parametrize(
    ("age", "is_attributed"),
    [
        (timedelta(days=29, hours=23, minutes=59), True),
        (timedelta(days=30), False),
        (timedelta(days=30, seconds=1), False),
        (timedelta(minutes=-1), False),  # the clock was set back
    ],
)
def test_token_counts_for_30_days(
    client: Client, clock: time_machine.Traveller, age: timedelta, is_attributed: bool
) -> None:
    query = f"?sent_by={token_of(client)}"
    clock.shift(age)
    assert (order_with(client, query) is not None) is is_attributed


@pytest.mark.usefixtures("paypal_down")
def test_copied_address_attributes_within_the_30_days_of_the_first_click(
    client: Client, clock: time_machine.Traveller, alice: Affiliate
) -> None:
    address, _ = land(client, LINK)
    clock.shift(timedelta(days=20))
    friend = Client()
    assert land(friend, address)[0] == address  # opening it again extends nothing
    attribution = order_with(friend, f"?{address.partition('?')[2]}")
    assert attribution is not None
    assert attribution.affiliate == alice
    clock.shift(timedelta(days=10))
    assert order_with(Client(), f"?{address.partition('?')[2]}") is None
    assert counted() == {"clicks": 1}


@pytest.mark.usefixtures("paypal_down")
def test_forged_token_is_ignored_without_an_error(client: Client, erin: Affiliate) -> None:
    token = token_of(client)
    _, minute, signature = token.split(".")
    forged = [
        f"ERIN.{minute}.{signature}",
        f"DEMO.{int(minute, 16) + 1:x}.{signature}",
        f"DEMO.{minute}.{signature[:-1]}",
        f"demo.{minute}.{signature}",
        f"DEMO.{minute}",
        "DEMO",
        ".",
        "",
        "%00",
        "é" * 50,
        "x" * 5000,
    ]
    for text in forged:
        response = client.get("/products/bps-pro/", {"sent_by": text})
        assert response.status_code == 200
        assert "sent_by=" not in response.content.decode()
        assert order_with(Client(), f"?sent_by={text}") is None
    assert order_with(Client(), f"?sent_by={token}") is not None


@pytest.mark.usefixtures("paypal_down")
def test_token_of_a_suspended_affiliate_earns_nothing(client: Client, alice: Affiliate) -> None:
    query = f"?sent_by={token_of(client)}"
    alice.state = Affiliate.State.SUSPENDED
    alice.save()
    assert order_with(client, query) is None
    assert "sent_by=" not in land(client, LINK)[0]


@pytest.mark.usefixtures("paypal_down")
def test_token_with_a_former_code_attributes(client: Client, alice: Affiliate) -> None:
    query = f"?sent_by={token_of(client)}"
    alice.code = "ALICE"
    alice.save()
    attribution = order_with(client, query)
    assert attribution is not None
    assert attribution.affiliate == alice


@pytest.mark.usefixtures("paypal_down")
def test_typed_code_beats_the_token(client: Client, erin: Affiliate) -> None:
    client.get("/checkout/bps-pro/")
    client.post(f"/checkout/bps-pro/?sent_by={token_of(client)}", {**FORM, "code": "ERIN"})
    attribution = Attribution.objects.get()
    assert (attribution.affiliate, attribution.route) == (erin, Attribution.Route.CODE)


@pytest.mark.usefixtures("paypal_down")
def test_last_link_wins(client: Client, erin: Affiliate) -> None:
    first = token_of(client)
    address, _ = land(client, f"/products/bps-pro/?sent_by={first}&ref=ERIN")
    assert address.startswith("/products/bps-pro/?sent_by=ERIN.")
    assert address.count("sent_by=") == 1
    attribution = order_with(client, f"?{address.partition('?')[2]}")
    assert attribution is not None
    assert attribution.affiliate == erin


@pytest.mark.parametrize("headers", [{"Sec-GPC": "1"}, {"DNT": "1"}, {"Cookie": f"{REFUSAL}=1"}])
@pytest.mark.usefixtures("paypal_down")
def test_visitor_who_refuses_gets_no_token_and_is_not_attributed_by_one(headers: dict[str, str]) -> None:
    token = token_of(Client())
    browser = Client(headers=headers)
    address, page = land(browser, LINK)
    assert address == "/products/bps-pro/"
    assert "sent_by=" not in str(page)
    assert "sent_by=" not in browser.get(f"/services/?sent_by={token}").content.decode()
    assert order_with(browser, f"?sent_by={token}") is None
    assert order_with(Client(), f"?sent_by={token}") is not None
    assert counted() == {"clicks": 1, "refused": 1}


@pytest.mark.parametrize(
    ("headers", "figures"),
    [
        ({"User-Agent": "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"}, {"bots": 1}),
        ({"Sec-Fetch-Dest": "image"}, {"previews": 1}),
    ],
)
@pytest.mark.parametrize("link", [LINK, "/services/?ref=DEMO"])
def test_bot_or_image_gets_no_token_and_is_counted_once(
    client: Client, headers: dict[str, str], figures: dict[str, int], link: str
) -> None:
    address, _ = land(client, link, headers=headers)
    assert "sent_by=" not in address
    assert counted() == figures


@pytest.mark.usefixtures("paypal_down")
def test_cookie_from_before_the_switch_is_not_used(client: Client, settings: Settings) -> None:
    settings.AFFILIATE_CONSENT = "signal"
    client.get(LINK)
    settings.AFFILIATE_CONSENT = "link"
    place(client)
    assert not Attribution.objects.exists()
    assert "We have stopped using such cookies" in referral_page(client)
    client.post("/privacy/referral/")
    assert "Nothing is stored for this browser" in referral_page(client)
    settings.AFFILIATE_CONSENT = "signal"
    client.get(LINK)
    place(client, email="carol2@example.org")
    assert Attribution.objects.count() == 1


@pytest.mark.usefixtures("paypal_down")
def test_token_counts_only_while_the_site_uses_tokens(client: Client, settings: Settings) -> None:
    query = f"?sent_by={token_of(client)}"
    for mode in ("signal", "ask"):
        settings.AFFILIATE_CONSENT = mode
        assert order_with(Client(), query) is None
        assert "sent_by=" not in client.get(f"/services/{query}").content.decode()


@pytest.mark.usefixtures("paypal_down")
def test_signal_address_of_before_the_switch_attributes_as_a_token(client: Client, settings: Settings) -> None:
    settings.AFFILIATE_CONSENT = "signal"
    address = client.get(LINK).headers["Location"]
    settings.AFFILIATE_CONSENT = "link"
    reader = Client()
    token = land(reader, address)[0].partition("sent_by=")[2]
    assert order_with(reader, f"?sent_by={token}") is not None
    assert counted() == {"clicks": 1}


def test_who_sent_me_shows_the_token_and_forgets_it(client: Client) -> None:
    token = token_of(client)
    response = client.get(f"/privacy/referral/?sent_by={token}")
    page = response.content.decode()
    for fact in ("DEMO", "March 2, 2026, 12:00 UTC", "April 1, 2026, 12:00 UTC", "Forget it now"):
        assert fact in page
    assert not response.cookies
    assert 'href="/privacy/referral/?sent_by="' in page
    forgotten = client.get("/privacy/referral/?sent_by=").content.decode()
    assert "Nothing is stored for this browser" in forgotten
    assert "DEMO" not in forgotten


def test_refusal_leaves_no_cookie_where_nothing_is_stored(client: Client) -> None:
    assert 'value="refuse"' not in client.get("/privacy/referral/?choose").content.decode()
    assert REFUSAL not in client.post("/privacy/referral/", {"choice": "refuse"}).cookies


def test_code_that_stores_by_mistake_can_store_neither_row_nor_cookie(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: the promise is kept even if a page took the way of another mode."""

    def mistakes(*args: Any) -> str:
        return "signal"

    monkeypatch.setattr(clicks, "consent_mode", mistakes)
    with pytest.raises(StorageNotAllowed):
        client.get(LINK)
    assert not Click._base_manager.exists()
    assert not client.cookies


@pytest.mark.usefixtures("paypal_down")
def test_explanation_says_that_no_address_could_be_compared(staff: Client, client: Client) -> None:
    attribution = order_with(client, f"?sent_by={token_of(client)}")
    assert attribution is not None
    page = staff.get("/admin/affiliates/why/", {"reference": attribution.order.reference}).content.decode()
    assert "could not be checked, because no address was stored" in page
    assert "nothing was stored about the visit" in page


@pytest.mark.usefixtures("paypal_down")
def test_explanation_of_a_cookie_sale_does_not_mention_it(staff: Client, client: Client, settings: Settings) -> None:
    settings.AFFILIATE_CONSENT = "signal"
    client.get(LINK)
    order = place(client)
    page = staff.get("/admin/affiliates/why/", {"reference": order.reference}).content.decode()
    assert "after a click on the affiliate&#x27;s link" in page
    assert "could not be checked" not in page


def test_policy_program_and_evidence_say_that_nothing_is_stored(client: Client) -> None:
    policy = client.get("/privacy/").content.decode()
    assert "we store nothing about you, neither on your device nor here" in policy
    assert "we keep neither your IP address nor a cookie" in policy
    assert "aitpro_checkout" in policy
    assert COOKIE not in policy
    program = client.get("/affiliates/").content.decode()
    assert "There is no cookie, no IP address" in program
    assert "their IP address, encrypted" not in program


def test_portal_says_that_clicks_are_counted_without_visitors(alice: Affiliate) -> None:
    browser = Client()
    browser.force_login(alice.user)
    assert "Clicks are counted without visitors" in browser.get("/affiliates/portal/links/").content.decode()
    factories.click(alice)
    assert "following a link twice counts twice" in browser.get("/affiliates/portal/").content.decode()
