"""/privacy/referral/: what is stored for this browser, when it expires, and a button that deletes it."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from pytest_django import DjangoAssertNumQueries, Settings

from affiliates.models import Affiliate, Attribution, Click
from affiliates.tracking.labels import declare_label
from affiliates.tracking.referral_cookie import COOKIE, REFUSAL
from shop.models import Product
from tests.affiliates.tracking.pages import referral_page
from tests.shop.purchases import place

pytestmark = pytest.mark.usefixtures("clock")

PAGE = "/privacy/referral/"


def test_referral_page_shows_stored_data(client: Client, alice: Affiliate) -> None:
    declare_label(affiliate=alice, text="spring")
    client.get(
        "/go/DEMO/services/?sub=spring", headers={"Referer": "https://blog.example.net/"}, REMOTE_ADDR="203.0.113.5"
    )
    page = referral_page(client)
    for fact in ("code DEMO", "203.0.113.5", "/services/", "spring"):
        assert fact in page
    assert "blog.example.net" not in client.get(PAGE).content.decode()  # where they came from is stored nowhere
    assert "March 2, 2026, 12:00 UTC" in page
    assert "April 1, 2026, 12:00 UTC" in page


def test_referral_page_shows_earlier_clicks(client: Client, clock: time_machine.Traveller, alice: Affiliate) -> None:
    client.get("/go/DEMO/")
    assert "Earlier clicks" not in client.get(PAGE).content.decode()
    clock.shift(timedelta(hours=2))
    client.get("/go/DEMO/")
    page = client.get(PAGE).content.decode()
    assert "Earlier clicks" in page
    assert "March 2, 2026, 12:00 UTC" in page
    assert "March 2, 2026, 14:00 UTC" in page


def test_referral_page_shows_only_own_visit(client: Client, alice: Affiliate) -> None:
    Client().get("/go/DEMO/", REMOTE_ADDR="192.0.2.66")
    assert Click.objects.count() == 1
    page = client.get(PAGE).content.decode()
    assert "Nothing is stored for this browser" in page
    assert "192.0.2.66" not in page


@pytest.mark.django_db
def test_referral_page_is_never_cached(client: Client) -> None:
    assert "no-store" in client.get(PAGE).headers["Cache-Control"]


@pytest.mark.django_db
def test_referral_page_acknowledges_browser_refusal(client: Client) -> None:
    assert "asks not to be tracked" in client.get(PAGE, headers={"Sec-GPC": "1"}).content.decode()
    assert "asks not to be tracked" not in client.get(PAGE).content.decode()


def test_referral_page_deletes_on_one_click(client: Client, alice: Affiliate) -> None:
    client.get("/go/DEMO/")
    assert Click.objects.exists()
    response = client.post(PAGE)
    assert response.status_code == 200
    assert "Deleted" in response.content.decode()
    assert response.cookies[COOKIE]["max-age"] == 0
    assert not Click.objects.exists()
    assert "Nothing is stored for this browser" in client.get(PAGE).content.decode()


def test_deleting_referral_keeps_other_visits(client: Client, alice: Affiliate) -> None:
    Client().get("/go/DEMO/")
    client.get("/go/DEMO/")
    client.post(PAGE)
    assert Click.objects.count() == 1


@pytest.mark.usefixtures("paypal_down")
def test_deleted_referral_does_not_attribute(client: Client, alice: Affiliate, product: Product) -> None:
    client.get("/go/DEMO/")
    client.post(PAGE)
    place(client)
    assert not Attribution.objects.exists()


@pytest.mark.usefixtures("paypal_down")
def test_deleted_referral_keeps_existing_attribution(client: Client, alice: Affiliate, product: Product) -> None:
    client.get("/go/DEMO/")
    order = place(client)
    client.post(PAGE)
    attribution = Attribution.objects.get(order=order)
    assert (attribution.affiliate, attribution.click) == (alice, None)


@pytest.mark.django_db
def test_deleting_without_referral_succeeds(client: Client) -> None:
    assert client.post(PAGE).status_code == 200


def test_deleting_referral_requires_csrf_token(alice: Affiliate) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.get("/go/DEMO/")
    assert strict.post(PAGE).status_code == 403
    assert Click.objects.exists()


def test_referral_page_does_not_name_former_affiliate(client: Client, alice: Affiliate) -> None:
    client.get("/go/DEMO/")
    Affiliate.objects.update(state=Affiliate.State.CLOSED)
    page = client.get(PAGE).content.decode()
    assert "an affiliate who no longer works with us" in page
    assert "DEMO" not in page


def test_referral_page_hides_expired_row_before_purge(
    client: Client, alice: Affiliate, clock: time_machine.Traveller
) -> None:
    client.get("/go/DEMO/", REMOTE_ADDR="203.0.113.5")
    clock.shift(timedelta(days=30))
    assert Click._base_manager.exists()
    assert not Click.objects.exists()
    assert "203.0.113.5" not in client.get(PAGE).content.decode()


@pytest.mark.django_db
def test_referral_page_without_cookie_causes_no_query_beyond_the_menus(
    client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(1):
        client.get(PAGE)


def test_refusing_tracking_deletes_visit_and_sets_plain_cookie(
    client: Client, alice: Affiliate, settings: Settings
) -> None:
    settings.REFERRAL_COOKIE_SECURE = True
    client.get("/go/DEMO/")
    response = client.post(PAGE, {"choice": "refuse"})
    assert not Click.objects.exists()
    assert response.cookies[COOKIE]["max-age"] == 0
    choice = response.cookies[REFUSAL]
    assert (choice.value, choice["max-age"], choice["samesite"]) == ("1", 400 * 24 * 60 * 60, "Lax")
    assert choice["httponly"]
    assert choice["secure"]
    assert "Deleted, and tracking is off" in response.content.decode()


def test_refusal_lasts_until_undone(client: Client, alice: Affiliate) -> None:
    client.post(PAGE, {"choice": "refuse"})
    assert COOKIE not in client.get("/go/DEMO/").cookies
    assert not Click.objects.exists()
    page = client.get(PAGE).content.decode()
    assert "You turned off tracking" in page
    assert "Undo my choice" in page
    assert client.post(PAGE, {"choice": "allow"}).cookies[REFUSAL]["max-age"] == 0
    assert COOKIE in client.get("/go/DEMO/").cookies
    assert Click.objects.count() == 1


@pytest.mark.usefixtures("paypal_down")
def test_visitor_who_refuses_can_enter_code(client: Client, alice: Affiliate, product: Product) -> None:
    client.post(PAGE, {"choice": "refuse"})
    client.get("/go/DEMO/")
    place(client, code="DEMO")
    assert Attribution.objects.get().affiliate == alice


def test_refusal_is_set_only_by_button(client: Client, alice: Affiliate) -> None:
    for address in (PAGE, "/go/DEMO/", "/", "/?ref=DEMO"):
        assert REFUSAL not in client.get(address, headers={"DNT": "1"}).cookies


@pytest.mark.django_db
def test_reading_referral_page_sets_no_cookie(client: Client) -> None:
    response = client.get(PAGE)
    assert not response.cookies
    assert 'href="?choose#choice"' in response.content.decode()
    assert 'value="refuse"' not in response.content.decode()
    chosen = client.get(f"{PAGE}?choose")
    assert 'value="refuse"' in chosen.content.decode()
    assert set(chosen.cookies) == {"csrftoken"}


@pytest.mark.parametrize("choice", ["", "x", "\x00", "forget"])
def test_unknown_choice_only_deletes_visit(client: Client, alice: Affiliate, choice: str) -> None:
    client.get("/go/DEMO/")
    response = client.post(PAGE, {"choice": choice})
    assert response.status_code == 200
    assert REFUSAL not in response.cookies
    assert not Click.objects.exists()


@pytest.mark.django_db
def test_policy_names_every_referral_cookie(client: Client) -> None:
    policy = client.get("/privacy/").content.decode()
    for name in (COOKIE, REFUSAL):
        assert f"<code>{name}</code>" in policy
