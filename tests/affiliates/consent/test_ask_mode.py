"""`AFFILIATE_CONSENT=ask`: nothing is stored, on the device or here, before the visitor has said yes."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from affiliates.models import Affiliate, Attribution, Click, StorageNotAllowed
from affiliates.tracking import clicks
from affiliates.tracking.labels import declare_label
from affiliates.tracking.question import ConsentQuestion
from affiliates.tracking.referral_cookie import COOKIE, REFUSAL, Token
from privacy.registry.purpose_binding import acting_for
from privacy.registry.purposes import Purpose
from shop.models import Product
from tests.affiliates.consent.pages import SAME_SITE, answer, counted, has_refused, is_nothing_stored, land, question_on
from tests.affiliates.tracking.pages import referral_page
from tests.shop.purchases import place

LINK = "/go/DEMO/products/bps-pro/"
GOOGLEBOT = {"User-Agent": "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"}


@pytest.fixture(autouse=True)
def _asks(settings: Settings, clock: time_machine.Traveller, alice: Affiliate, product: Product) -> None:
    settings.AFFILIATE_CONSENT = "ask"


@pytest.mark.parametrize("link", [LINK, "/products/bps-pro/?ref=DEMO", "/?ref=demo&go=0", "/contact/?ref=DEMO"])
def test_landing_page_asks_and_stores_nothing_before_the_answer(client: Client, link: str) -> None:
    _, page = land(client, link, REMOTE_ADDR="203.0.113.5")
    assert question_on(page) is not None
    client.get("/services/")
    assert not Click._base_manager.exists()
    assert COOKIE not in client.cookies
    assert REFUSAL not in client.cookies
    assert counted() == {}


def test_asking_needs_no_cookie_of_any_kind(client: Client) -> None:
    land(client, LINK)
    assert is_nothing_stored(client)


def test_both_answers_look_the_same(client: Client) -> None:
    _, page = land(client, LINK)
    form = question_on(page)
    assert form is not None
    no, yes = form.select("button")
    assert (no["value"], yes["value"]) == ("no", "yes")
    for button in (no, yes):
        button.attrs.pop("value")
    assert no.attrs == yes.attrs
    assert not form.select("[checked], [autofocus]")
    assert form.select('a[href="/privacy/referral/"]')


def test_landing_page_answers_are_cached_nowhere(client: Client) -> None:
    address, _ = land(client, LINK)
    assert client.get(address).headers["Cache-Control"] == "no-store"


def test_yes_stores_the_click_as_of_the_answer_and_its_cookie_alone(
    client: Client, clock: time_machine.Traveller, alice: Affiliate
) -> None:
    label = declare_label(affiliate=alice, text="spring")
    _, page = land(client, f"{LINK}?sub=spring")
    clock.shift(timedelta(minutes=5))
    response = answer(client, page, "yes")
    assert set(response.cookies) == {COOKIE}
    click = Click.objects.get()
    assert (click.affiliate, click.landing_path, click.label_id) == (alice, "/products/bps-pro/", label.pk)
    assert click.clicked_at == timezone.now()
    with acting_for(Purpose.REFERRAL_TRACKING):
        assert click.address == "127.0.0.1"
    token = Token.parse(response.cookies[COOKIE].value)
    assert token is not None
    assert token.expires_at == timezone.now() + timedelta(days=30)
    assert counted() == {"clicks": 1}
    assert "the affiliate with the code DEMO" in referral_page(client)


@pytest.mark.usefixtures("paypal_down")
def test_sale_after_a_yes_is_attributed(client: Client, alice: Affiliate) -> None:
    _, page = land(client, LINK)
    answer(client, page, "yes")
    place(client)
    attribution = Attribution.objects.get()
    assert (attribution.affiliate, attribution.route) == (alice, Attribution.Route.COOKIE)


@pytest.mark.usefixtures("paypal_down")
@pytest.mark.parametrize("choice", ["", "no"])
def test_sale_without_a_yes_is_not_attributed(client: Client, choice: str) -> None:
    _, page = land(client, LINK)
    if choice:
        answer(client, page, choice)
    place(client)
    assert not Attribution.objects.exists()


def test_page_after_a_yes_asks_no_more(client: Client, clock: time_machine.Traveller) -> None:
    _, page = land(client, LINK)
    address = answer(client, page, "yes").headers["Location"]
    for _ in range(2):
        assert question_on(land(client, address)[1]) is None
        clock.shift(timedelta(days=3))
    assert Click.objects.count() == 1


def test_browser_that_keeps_no_cookie_is_not_asked_again_on_the_same_visit(client: Client) -> None:
    _, page = land(client, LINK)
    address = answer(client, page, "yes").headers["Location"]
    assert question_on(land(Client(), address)[1]) is None


def test_no_is_remembered_and_never_asked_again(client: Client, clock: time_machine.Traveller) -> None:
    _, page = land(client, LINK)
    response = answer(client, page, "no")
    assert set(response.cookies) == {REFUSAL}
    assert response.headers["Location"] == "/products/bps-pro/"
    assert not Click._base_manager.exists()
    assert counted() == {"refused": 1}
    clock.shift(timedelta(days=100))
    for link in (LINK, "/go/DEMO/", "/services/?ref=DEMO"):
        assert question_on(land(client, link)[1]) is None
    assert not Click._base_manager.exists()
    assert "You turned off tracking" in referral_page(client)


def test_question_returns_after_the_refusal_is_undone(client: Client) -> None:
    _, page = land(client, LINK)
    answer(client, page, "no")
    assert "we ask whether we may remember" in client.post("/privacy/referral/", {"choice": "allow"}).content.decode()
    assert question_on(land(client, LINK)[1]) is not None


def test_yes_in_an_older_tab_replaces_a_no(client: Client) -> None:
    pages = [land(client, LINK)[1] for _ in range(2)]
    answer(client, pages[0], "no")
    answer(client, pages[1], "yes")
    assert Click.objects.count() == 1
    assert not has_refused(client)


@pytest.mark.parametrize("headers", [{"Sec-GPC": "1"}, {"DNT": "1"}])
def test_browser_signal_counts_as_a_refusal_without_a_question(client: Client, headers: dict[str, str]) -> None:
    assert question_on(land(Client(), LINK)[1]) is not None
    _, page = land(client, LINK, headers=headers)
    assert question_on(page) is None
    assert counted() == {"refused": 1}
    assert not client.cookies


def test_yes_of_a_browser_that_refuses_stores_nothing(client: Client) -> None:
    _, page = land(client, LINK)
    answer(client, page, "yes", **{"Sec-Fetch-Site": "same-origin", "Sec-GPC": "1"})
    assert is_nothing_stored(client)


def test_bot_is_counted_and_not_asked(client: Client) -> None:
    _, page = land(client, LINK, headers=GOOGLEBOT)
    assert question_on(page) is None
    assert counted() == {"bots": 1}


def test_unknown_or_suspended_affiliate_asks_nothing(client: Client, alice: Affiliate) -> None:
    assert question_on(land(client, "/go/NOBODY/")[1]) is None
    alice.state = Affiliate.State.SUSPENDED
    alice.save()
    assert question_on(land(client, LINK)[1]) is None


def test_yes_for_an_affiliate_who_was_suspended_since_stores_nothing(client: Client, alice: Affiliate) -> None:
    _, page = land(client, LINK)
    alice.state = Affiliate.State.SUSPENDED
    alice.save()
    assert answer(client, page, "yes").status_code == 302
    assert is_nothing_stored(client)


def test_yes_sent_twice_is_one_click_and_either_cookie_shows_it(client: Client) -> None:
    _, page = land(client, LINK)
    first = Client()
    answer(first, page, "yes")
    answer(client, page, "yes")  # as a double click: the browser keeps the second answer's cookie
    assert Click.objects.count() == 1
    assert "Your network address" in referral_page(client)
    client.post("/privacy/referral/")
    assert not Click._base_manager.exists()


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site", "Origin": "https://affiliate.example"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "none"},
        {"Origin": "https://affiliate.example"},
        {"Origin": "null"},
        {"X-Nothing": "said"},
    ],
)
@pytest.mark.parametrize("choice", ["yes", "no"])
def test_other_site_can_not_answer_for_a_visitor(client: Client, headers: dict[str, str], choice: str) -> None:
    _, page = land(client, LINK)
    response = answer(client, page, choice, **headers)
    assert response.headers["Location"] == "/products/bps-pro/?ref=DEMO"  # which asks again
    assert is_nothing_stored(client)


def test_older_browser_answers_by_its_origin(client: Client) -> None:
    _, page = land(client, LINK)
    answer(client, page, "yes", Origin="http://testserver")
    assert Click.objects.count() == 1


@pytest.mark.parametrize("question", ["", "x", "DEMO", "\x00", "x" * 5000, "W10:1abc:def"])
def test_forged_question_leads_home_and_stores_nothing(client: Client, question: str) -> None:
    response = client.post(
        "/privacy/referral/answer/", {"question": question, "answer": "yes"}, headers={"Sec-Fetch-Site": "same-origin"}
    )
    assert (response.status_code, response.headers["Location"]) == (302, "/")
    assert is_nothing_stored(client)


@pytest.mark.parametrize("choice", ["", "maybe", "YES", "\x00"])
def test_unknown_answer_asks_again(client: Client, choice: str) -> None:
    _, page = land(client, LINK)
    assert answer(client, page, choice).headers["Location"] == "/products/bps-pro/?ref=DEMO"
    assert is_nothing_stored(client)


def test_answer_to_a_page_of_yesterday_asks_again(client: Client, clock: time_machine.Traveller) -> None:
    _, page = land(client, LINK)
    clock.shift(timedelta(days=1, seconds=1))
    assert answer(client, page, "yes").headers["Location"] == "/"
    assert is_nothing_stored(client)


def test_link_to_the_answer_shows_what_is_stored_and_stores_nothing(client: Client) -> None:
    question = str(question_on(land(client, LINK)[1]).select_one("[name=question]")["value"])  # type: ignore[union-attr, index]
    response = client.get("/privacy/referral/answer/", {"question": question, "answer": "yes"}, headers=SAME_SITE)
    assert (response.status_code, response.headers["Location"]) == (302, "/privacy/referral/")
    assert is_nothing_stored(client)


def test_undeclared_label_is_not_in_the_address_or_the_page(client: Client) -> None:
    address, page = land(client, f"{LINK}?sub=jane@example.com")
    assert address == "/products/bps-pro/?ref=DEMO"
    assert "jane" not in str(page)


@pytest.mark.parametrize("mode", ["signal", "link"])
def test_answer_counts_only_while_the_site_asks(client: Client, settings: Settings, mode: str) -> None:
    _, page = land(client, LINK)
    settings.AFFILIATE_CONSENT = mode
    assert answer(client, page, "yes").headers["Location"] == "/"
    assert is_nothing_stored(client)


def test_first_affiliate_keeps_visitor_without_a_question(client: Client, settings: Settings, erin: Affiliate) -> None:
    settings.AFFILIATE_CREDIT = "first"
    answer(client, land(client, LINK)[1], "yes")
    assert question_on(land(client, "/go/ERIN/")[1]) is None
    settings.AFFILIATE_CREDIT = "last"
    assert question_on(land(client, "/go/ERIN/")[1]) is not None


def test_full_disk_does_not_keep_a_visitor_from_answering(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    _, page = land(client, LINK)
    monkeypatch.setattr(clicks, "is_purge_stalled", lambda: True)
    assert COOKIE in answer(client, page, "yes").cookies
    assert not Click._base_manager.exists()


def test_code_that_forgets_to_ask_can_store_neither_row_nor_cookie(
    client: Client, monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    """The control: the promise is kept even if the question were left out of a page."""

    def forgets(*args: Any) -> str:
        return "signal"

    monkeypatch.setattr(clicks, "consent_mode", forgets)
    with pytest.raises(StorageNotAllowed):
        client.get(LINK)
    assert is_nothing_stored(client)


def test_question_says_nothing_about_the_visitor() -> None:
    seen = ConsentQuestion.parse(ConsentQuestion(click_id=Click().pk, code="DEMO", landing="/", label_id=None).signed)
    assert seen is not None
    assert set(vars(seen)) == {"click_id", "code", "landing", "label_id", "discount"}


@pytest.mark.parametrize("choice", ["yes", "no", "maybe"])
def test_discount_code_in_the_link_survives_the_answer(client: Client, choice: str) -> None:
    address, page = land(client, f"{LINK}?code=SAVE10")
    assert address.startswith("/products/bps-pro/?code=SAVE10&ref=DEMO")
    assert answer(client, page, choice).headers["Location"].startswith("/products/bps-pro/?code=SAVE10")


def test_policy_program_and_portal_say_that_we_ask(client: Client) -> None:
    policy = client.get("/privacy/").content.decode()
    assert "we ask first" in policy
    assert "Only after a yes do we keep your IP address" in policy
    assert COOKIE in policy
    assert "After a yes" in client.get("/affiliates/").content.decode()
