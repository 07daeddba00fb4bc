"""An affiliate's link leads to a page of this site, and counts a click only if somebody really clicked."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import OperationalError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import DjangoAssertNumQueries, Settings

from affiliates.models import Affiliate, Click, new_code
from affiliates.tracking.code_cache import MAX_CODES, _memory, cached_code
from affiliates.tracking.labels import declare_label
from affiliates.tracking.referral_cookie import COOKIE
from privacy.registry.purpose_binding import acting_for
from privacy.registry.purposes import Purpose
from shop.models import Product
from tests import factories
from tests.affiliates.tracking.pages import referral_page


def page_of(response: Any) -> str:
    """The path of the page that a link leads to."""
    return str(response.headers["Location"].partition("?")[0])


@pytest.fixture(autouse=True)
def _cast(clock: time_machine.Traveller, alice: Affiliate, product: Product) -> None:
    """Noon, Alice and the product."""


def test_link_redirects_and_sets_cookie(client: Client, alice: Affiliate) -> None:
    response = client.get("/go/DEMO/products/bps-pro/")
    assert response.status_code == 302
    assert page_of(response) == "/products/bps-pro/"
    assert response.headers["Cache-Control"] == "no-store"
    cookie = response.cookies[COOKIE]
    assert cookie["max-age"] == 30 * 24 * 60 * 60
    assert cookie["expires"] == "Wed, 01 Apr 2026 12:00:00 GMT"
    assert cookie["httponly"]
    assert (cookie["samesite"], cookie["path"], cookie["domain"]) == ("Lax", "/", "")
    assert Click.objects.get().affiliate == alice


def test_referral_cookie_is_secure_under_https(client: Client, settings: Settings) -> None:
    assert not client.get("/go/DEMO/").cookies[COOKIE]["secure"]
    settings.REFERRAL_COOKIE_SECURE = True
    assert Client().get("/go/DEMO/").cookies[COOKIE]["secure"]


def test_referral_cookie_is_opaque(client: Client, alice: Affiliate) -> None:
    cookie = client.get("/go/DEMO/").cookies[COOKIE].value
    click = Click.objects.get()
    assert len(cookie) > 60
    for secret in ("DEMO", alice.pk.hex, click.pk.hex, str(click.pk)):
        assert secret not in cookie


def test_click_row_contains_only_declared_data_with_sealed_address(client: Client, alice: Affiliate) -> None:
    label = declare_label(affiliate=alice, text="spring")
    client.get(
        "/go/DEMO/products/bps-pro/?sub=spring&x=1",
        headers={"Referer": "https://blog.example.net/post?mail=a@b.example"},
        REMOTE_ADDR="203.0.113.5",
    )
    click = Click.objects.get()
    assert (click.landing_path, click.label_id) == ("/products/bps-pro/", label.pk)
    with acting_for(Purpose.REFERRAL_TRACKING):
        assert click.address == "203.0.113.5"
    assert click.expires_at - click.clicked_at == timedelta(days=30)
    with connection.cursor() as cursor:
        cursor.execute("SELECT address FROM affiliates_click")
        assert b"203.0.113.5" not in bytes(cursor.fetchone()[0])


@pytest.mark.parametrize(
    ("path", "page"),
    [
        ("", "/"),
        ("services/", "/services/"),
        ("services", "/services/"),
        ("products/bps-pro", "/products/bps-pro/"),
        ("contact/", "/contact/"),
        ("affiliates/", "/affiliates/"),
        ("/evil.example", "/"),
        ("https://evil.example", "/"),
        ("https://evil.example/products/bps-pro/", "/"),
        ("/products/bps-pro/", "/"),
        ("%2F%2Fevil.example", "/"),
        ("%5Cevil.example", "/"),
        ("%00", "/"),
        ("admin/", "/"),
        ("accounts/logout/", "/"),
        ("privacy/referral/", "/"),
        ("go/DEMO/", "/"),
        ("no/such/page", "/"),
        ("../../evil.example", "/"),
        ("services/../../evil.example/", "/"),
        ("%E2%88%95%E2%88%95evil.example", "/"),  # slashes of other alphabets
        ("%EF%BC%8F%EF%BC%8Fevil.example", "/"),
        ("javascript:alert(1)", "/"),
        ("%252F%252Fevil.example", "/"),
        ("services/%00", "/"),
        ("x" * 10_000, "/"),
    ],
)
def test_link_redirects_only_to_public_pages_of_this_site(client: Client, path: str, page: str) -> None:
    response = client.get(f"/go/DEMO/{path}")
    assert response.status_code == 302
    assert page_of(response) == page
    assert Click.objects.get().landing_path == page


def test_line_break_in_link_path_leads_to_home(client: Client) -> None:
    response = client.get("/go/DEMO/%0D%0ALocation:%20https://evil.example")
    assert response.status_code == 404
    assert not response.has_header("Location")
    assert not Click.objects.exists()


@pytest.mark.parametrize("code", ["NOBODY", "x", "a" * 33, "DE MO", "DE%00MO", "%F0%9F%90%B8", "DEM%25", "D_MO", "..."])
def test_unknown_or_malformed_code_redirects_without_tracking(client: Client, code: str) -> None:
    response = client.get(f"/go/{code}/products/bps-pro/")
    assert (response.status_code, response.headers["Location"]) == (302, "/products/bps-pro/")
    assert response.headers["Cache-Control"] == "no-store"
    assert COOKIE not in response.cookies
    assert not Click.objects.exists()


@pytest.mark.parametrize("state", [Affiliate.State.SUSPENDED, Affiliate.State.CLOSED])
def test_link_of_suspended_affiliate_tracks_nothing(client: Client, alice: Affiliate, state: str) -> None:
    Affiliate.objects.filter(pk=alice.pk).update(state=state)
    response = client.get("/go/DEMO/")
    assert response.status_code == 302
    assert COOKIE not in response.cookies
    assert not Click.objects.exists()


@pytest.mark.parametrize("address", ["/go/DEMO", "/go/DEMO/services", "/?ref=DEMO/", "/services/?ref=DEMO%2F"])
def test_link_counts_with_and_without_trailing_slash(client: Client, address: str) -> None:
    response = client.get(address)
    assert response.status_code in {200, 302}
    assert COOKIE in response.cookies
    assert Click.objects.count() == 1


@pytest.mark.parametrize("address", ["/go/demo/", "/go/DeMo/services/", "/?ref=demo", "/?ref=%20Demo%20"])
def test_code_is_case_insensitive(client: Client, address: str) -> None:
    assert COOKIE in client.get(address).cookies
    assert Click.objects.count() == 1


def test_underscore_in_code_is_not_a_wildcard(client: Client) -> None:
    factories.affiliate("erin@example.com", "AX_B")
    factories.affiliate("frank@example.com", "AXYB")
    client.get("/go/axyb/")
    assert Click.objects.get().affiliate.code == "AXYB"


@pytest.mark.parametrize("address", ["/", "/services/", "/products/bps-pro/", "/contact/", "/checkout/bps-pro/"])
def test_ref_parameter_on_public_page_is_a_click(client: Client, alice: Affiliate, address: str) -> None:
    label = declare_label(affiliate=alice, text="mail")
    response = client.get(f"{address}?ref=DEMO&sub=mail")
    assert response.status_code == 200
    assert response.headers["Cache-Control"] == "no-store"
    assert COOKIE in response.cookies
    click = Click.objects.get()
    assert (click.landing_path, click.label_id) == (address, label.pk)


@pytest.mark.parametrize("code", ["NOBODY", "", "%00", "a" * 500])
def test_unknown_ref_parameter_tracks_nothing(client: Client, code: str) -> None:
    response = client.get(f"/?ref={code}")
    assert response.status_code == 200
    assert not response.cookies
    assert not Click.objects.exists()


def test_ref_parameter_on_missing_page_is_no_click(client: Client) -> None:
    assert client.get("/no/such/page?ref=DEMO").status_code == 404
    assert client.get("/robots.txt?ref=DEMO").status_code == 200
    assert not Click.objects.exists()


def test_ref_parameter_on_secret_address_is_not_stored(client: Client, product: Product, staff: Client) -> None:
    order = factories.order(product)
    assert client.get(f"{order.get_absolute_url()}?ref=DEMO").status_code == 200
    assert staff.get("/admin/?ref=DEMO").status_code == 200
    assert not Click.objects.exists()


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-GPC": "1"},
        {"DNT": "1"},
        {"User-Agent": "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"},
        {"User-Agent": "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)"},
        {"User-Agent": "facebookexternalhit/1.1"},
    ],
)
@pytest.mark.parametrize("address", ["/go/DEMO/", "/?ref=DEMO"])
def test_bot_or_refusing_visitor_is_redirected_without_tracking(
    client: Client, headers: dict[str, str], address: str
) -> None:
    response = client.get(address, headers=headers)
    assert response.status_code == (302 if "go" in address else 200)
    assert response.headers.get("Location", "/") == "/"
    assert response.headers["Cache-Control"] == "no-store"
    assert not response.cookies
    assert not Click.objects.exists()


@pytest.mark.parametrize(
    "headers",
    [{"Sec-GPC": "0"}, {"DNT": "0"}, {"Sec-Purpose": ""}, {"User-Agent": "Mozilla/5.0 (Linux; Android 10; CUBOT X30)"}],
)
def test_browser_that_allows_tracking_is_counted(client: Client, headers: dict[str, str]) -> None:
    client.get("/go/DEMO/", headers=headers)
    assert Click.objects.count() == 1


def test_head_request_redirects_without_tracking(client: Client) -> None:
    response = client.head("/go/DEMO/services/")
    assert (response.status_code, response.headers["Location"]) == (302, "/services/")
    assert not response.cookies
    assert not Click.objects.exists()


def test_link_refuses_post(client: Client) -> None:
    assert client.post("/go/DEMO/").status_code == 405


def test_second_click_within_30_minutes_is_same_click(client: Client, clock: time_machine.Traveller) -> None:
    client.get("/go/DEMO/")
    clock.shift(timedelta(minutes=29, seconds=59))
    assert COOKIE not in client.get("/go/DEMO/services/").cookies
    assert COOKIE not in client.get("/?ref=demo").cookies
    assert Click.objects.count() == 1


def test_click_after_30_minutes_is_new_click(client: Client, clock: time_machine.Traveller) -> None:
    client.get("/go/DEMO/")
    clock.shift(timedelta(minutes=30))
    assert COOKIE in client.get("/go/DEMO/").cookies
    assert Click.objects.count() == 2


def test_last_clicked_affiliate_gets_cookie(client: Client, erin: Affiliate) -> None:
    client.get("/go/DEMO/")
    client.get("/go/ERIN/")
    assert Click.objects.count() == 2
    assert "the affiliate with the code ERIN" in referral_page(client)


def test_later_visit_does_not_extend_cookie(client: Client, clock: time_machine.Traveller) -> None:
    client.get("/go/DEMO/")
    clock.shift(timedelta(days=3))
    assert not client.get("/").cookies
    assert not client.get("/services/").cookies


def test_referring_page_is_not_stored(client: Client) -> None:
    client.get("/go/DEMO/", headers={"Referer": "https://news.example.org/page?mail=a@b.example"})
    [row] = Click._base_manager.values()
    assert not [value for value in row.values() if "news" in str(value)]


def test_click_takes_at_most_three_queries(client: Client, clock: time_machine.Traveller) -> None:
    """Nor does it cost more with every click there was: the first one of a second asks, the others only write."""
    for name in ("may", "june"):
        declare_label(affiliate=Affiliate.objects.get(), text=name)
    for expected in (["SELECT", "SELECT", "INSERT"], ["INSERT"]):  # whose code, does the purge run, and the row
        assert _statements("/go/DEMO/products/bps-pro/?sub=june") == expected
    clock.shift(timedelta(seconds=1))
    assert _statements("/go/DEMO/products/bps-pro/") == ["SELECT", "SELECT", "INSERT"]


@pytest.mark.parametrize("headers", [{"DNT": "1"}, {"User-Agent": "curl/8"}, {"Sec-Purpose": "prefetch"}])
def test_visit_without_click_takes_two_queries(headers: dict[str, str]) -> None:
    assert _statements("/go/DEMO/", headers) == ["SELECT", "INSERT"]


def test_click_under_first_click_rule_takes_three_queries(client: Client, settings: Settings, erin: Affiliate) -> None:
    settings.AFFILIATE_CREDIT = "first"
    client.get("/go/DEMO/")
    with CaptureQueriesContext(connection) as queries:
        client.get("/go/ERIN/")
    assert len(queries.captured_queries) <= 3


def _statements(address: str, headers: dict[str, str] | None = None) -> list[str]:
    with CaptureQueriesContext(connection) as queries:
        Client().get(address, headers=headers)
    return [query["sql"].split()[0] for query in queries.captured_queries]


def test_link_does_not_reveal_number_of_affiliates() -> None:
    """Small sequential numbers in links do."""
    codes = {new_code() for _ in range(200)}
    assert len(codes) == 200
    assert all(re.fullmatch("[2-9A-Z]{8}", code) for code in codes)


def test_suspension_takes_effect_within_a_second(
    client: Client, alice: Affiliate, clock: time_machine.Traveller
) -> None:
    client.get("/go/DEMO/")
    Affiliate.objects.filter(pk=alice.pk).update(state=Affiliate.State.SUSPENDED)
    clock.shift(timedelta(seconds=1))
    assert COOKIE not in Client().get("/go/DEMO/").cookies
    assert Click.objects.count() == 1


def test_suspension_in_admin_takes_effect_immediately(client: Client, alice: Affiliate) -> None:
    client.get("/go/DEMO/")
    alice.state = Affiliate.State.SUSPENDED
    alice.save(update_fields=["state"])
    assert COOKIE not in Client().get("/go/DEMO/").cookies


def test_invented_codes_do_not_fill_cache(client: Client) -> None:
    for number in range(MAX_CODES + 10):
        cached_code(f"MADE{number}")
    assert len(_memory) <= MAX_CODES


def test_malformed_code_takes_no_query(client: Client, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    with django_assert_num_queries(0):
        client.get("/go/not*a*code/")


def test_visitor_with_cookie_causes_no_query_beyond_the_menus(client: Client) -> None:
    client.get("/go/DEMO/")
    with CaptureQueriesContext(
        connection,
    ) as queries:
        client.get("/affiliates/applied/")
    assert ["pages_page" in query["sql"] for query in queries.captured_queries] == [True]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("link", ["/go/DEMO/products/bps-pro/", "/products/bps-pro/?ref=DEMO"])
@pytest.mark.parametrize("browser", ["Mozilla/5.0", "Googlebot"])
def test_link_leads_to_its_page_though_nothing_can_be_stored(
    client: Client, caplog: pytest.LogCaptureFixture, link: str, browser: str
) -> None:
    def refuse_to_write(execute: Any, statement: str, *rest: Any) -> Any:
        if "INSERT" in statement:
            raise OperationalError("no space left on device")
        return execute(statement, *rest)

    with connection.execute_wrapper(refuse_to_write):
        response = client.get(link, HTTP_USER_AGENT=browser)
    assert response.status_code == (302 if link.startswith("/go/") else 200)
    assert (COOKIE in response.cookies) == (browser == "Mozilla/5.0")
    assert "a visit of an affiliate's link was not stored" in caplog.text
    assert not Click.objects.exists()
