"""The page of choices: behind an unforgeable link, without cookies, each channel and purpose by itself."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from bs4 import BeautifulSoup
from django.core import mail as django_mail
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from privacy.consent.contact_permission import CHANNELS
from privacy.consent.opt_outs import is_opted_out, suppress
from privacy.consent.preference_links import REOPENS_FOR, preferences_token, read_token
from privacy.encryption.keys import RootKey
from privacy.erasure.retention import purge_expired
from privacy.models import ChoicesRequest, Suppression
from privacy.preferences.preferences import CHOOSABLE
from privacy.registry.purposes import Channel
from shop.models import Product
from tests import factories
from tests.privacy.inbox import link_mailed_to
from tests.worker import run_due_tasks

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]

ERIN = "Erin@example.org"
ALL = sum(len(CHANNELS[purpose]) for purpose in CHOOSABLE if purpose != "privacy_request")


@pytest.fixture
def page(clock: time_machine.Traveller, product: Product) -> str:
    """Of somebody who gave every contact detail, except for privacy requests."""
    reach = {"phone": "805-651-8516", "address": "1 Main St, Ventura"}
    for kind in ("question", "quote"):
        factories.inquiry(ERIN, kind=kind, **reach)
    factories.order(product, email=ERIN, **reach)
    factories.affiliate(ERIN, "ERIN")
    return f"/privacy/choices/{preferences_token(ERIN, now=timezone.now())}/"


def boxes(client: Client, page: str) -> dict[str, bool]:
    """Each choice, and whether it is ticked."""
    soup = BeautifulSoup(client.get(page).content, "html.parser")
    return {str(box["value"]): box.has_attr("checked") for box in soup.select("input[name=open]")}


def ticked(client: Client, page: str) -> list[str]:
    return [key for key, is_open in boxes(client, page).items() if is_open]


def test_everything_is_allowed_at_first(client: Client, page: str) -> None:
    assert set(boxes(client, page).values()) == {True}
    assert len(boxes(client, page)) == ALL
    assert "affiliate_account-phone" not in boxes(client, page)


def test_page_offers_only_what_the_person_gave_contact_details_for(client: Client) -> None:
    factories.inquiry("dave@example.org", kind="quote", phone="805-651-8516")
    dave = f"/privacy/choices/{preferences_token('Dave@example.org', now=timezone.now())}/"
    quote, notice = ["quote-email", "quote-phone"], ["policy_notice-email", "policy_notice-phone"]
    assert list(boxes(client, dave)) == [*quote, "quote_reminders-email", *notice]
    stranger = f"/privacy/choices/{preferences_token('nobody@example.org', now=timezone.now())}/"
    assert boxes(client, stranger) == {}
    assert "Nothing to choose" in client.get(stranger).content.decode()
    client.post(stranger, {"stop": "everything"})
    assert is_opted_out("nobody@example.org", Channel.EMAIL)


def test_page_offers_nothing_about_expired_messages(client: Client, clock: time_machine.Traveller) -> None:
    factories.inquiry(ERIN)
    clock.shift(timedelta(days=731))
    assert boxes(client, f"/privacy/choices/{preferences_token(ERIN, now=timezone.now())}/") == {}


def test_saving_changes_nothing_that_the_page_did_not_show(client: Client, page: str) -> None:
    client.post(page, {"shown": ["order-email", "order-phone"], "open": ["order-email"]})
    assert set(Suppression.objects.values_list("channel", "purpose")) == {("phone", "order")}


def test_off_since_is_said_of_what_is_off_and_nothing_else(client: Client, page: str) -> None:
    suppress(ERIN, Channel.PHONE, purpose="order")
    labels = BeautifulSoup(client.get(page).content, "html.parser").select("label.choice")
    off = [label for label in labels if f"off since {timezone.now():%B %-d, %Y}" in label.get_text()]
    assert [label.select("input")[0]["value"] for label in off] == ["order-phone"]


def test_longer_history_costs_no_more_queries(
    client: Client, page: str, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    with CaptureQueriesContext(connection) as few:
        client.get(page)
    for _ in range(5):
        factories.inquiry(ERIN)
    with django_assert_max_num_queries(len(few)):
        client.get(page)


@pytest.mark.parametrize("length", [1, 20, 21, 52, 64])
def test_link_tells_nothing_about_the_address(length: int, clock: time_machine.Traveller) -> None:
    address = f"{'a' * length}@example.org"
    link = read_token(token := preferences_token(address, now=timezone.now()))
    assert link is not None
    assert link.email == address
    assert address not in repr(link)
    assert len(token) in {95, 138, 180}


def test_one_choice_is_closed_and_the_others_stay(page: str) -> None:
    browser = Client(enforce_csrf_checks=True)
    keep = [key for key in ticked(browser, page) if key != "quote-phone"]
    response = browser.post(page, {"open": keep}, follow=True)
    assert "Saved." in response.content.decode()
    assert not response.cookies
    assert not browser.cookies
    assert ticked(browser, page) == keep
    [row] = Suppression.objects.all()
    assert (row.channel, row.purpose, row.source) == ("phone", "quote", "page")


def test_preferences_page_can_be_opened_again(client: Client, page: str) -> None:
    everything = ticked(client, page)
    client.post(page, {"open": everything[1:]})
    assert Suppression.objects.count() == 1
    client.post(page, {"open": everything})
    assert not Suppression.objects.exists()


def test_stop_everything_stops_every_channel_for_any_purpose(client: Client, page: str) -> None:
    response = client.post(page, {"stop": "everything"}, follow=True)
    assert "You are unsubscribed from everything" in response.content.decode()
    assert ticked(client, page) == []
    assert set(Suppression.objects.values_list("channel", "purpose")) == {(channel, "") for channel in Channel}
    assert all(is_opted_out("erin@EXAMPLE.org", channel, purpose="order") for channel in Channel)


def test_saved_unchanged_keeps_the_day_of_an_opt_out(client: Client, page: str, clock: time_machine.Traveller) -> None:
    suppress(ERIN, Channel.EMAIL)
    before = timezone.now()
    clock.shift(timedelta(days=2))
    client.post(page, {"open": ticked(client, page)})
    assert [row.created_at for row in Suppression.objects.all()] == [before]


def test_one_purpose_out_of_all_is_opened(client: Client, page: str) -> None:
    client.post(page, {"stop": "everything"})
    client.post(page, {"open": ["order-email"]})
    assert ticked(client, page) == ["order-email"]
    assert is_opted_out(ERIN, "email", purpose="quote")


def test_an_old_link_still_stops_and_does_not_open(client: Client, page: str, clock: time_machine.Traveller) -> None:
    suppress(ERIN, Channel.LETTER)
    clock.shift(REOPENS_FOR)
    assert "more than 30 days old" in client.get(page).content.decode()
    response = client.post(page, {"open": ["order-letter"]}, follow=True)
    assert "What you turned off is off." in response.content.decode()
    assert is_opted_out(ERIN, "letter", purpose="order")
    assert is_opted_out(ERIN, "email", purpose="order")


def test_a_link_opens_again_until_its_last_second(client: Client, page: str, clock: time_machine.Traveller) -> None:
    suppress(ERIN, Channel.LETTER, purpose="order")
    everything = list(boxes(client, page))
    clock.shift(REOPENS_FOR - timedelta(seconds=1))
    client.post(page, {"open": everything})
    assert not Suppression.objects.exists()


def test_a_get_changes_nothing(client: Client, page: str) -> None:
    assert client.get(page, {"stop": "everything", "open": ""}).status_code == 200
    assert not Suppression.objects.exists()


def test_the_page_is_not_kept_by_caches_and_sets_no_cookie(client: Client, page: str) -> None:
    response = client.get(page)
    assert "no-store" in response["Cache-Control"]
    assert not response.cookies


def test_invalid_preference_changes_nothing_else(client: Client, page: str) -> None:
    client.post(page, {"open": [*ticked(client, page), "order-carrier pigeon", "'--", "\x00"]})
    assert not Suppression.objects.exists()


def hostile() -> list[str]:
    good = preferences_token(ERIN, now=timezone.now())
    other = "B" if good[20] == "A" else "A"
    return [
        "x", "erin@example.org", "ünïcödé", "%00", "A" * 94, good[:-1], good + "A", good[:20] + other + good[21:],
        good[::-1], good.swapcase(), "a" * 5000, "=" * 8, "!" + good,
    ]  # fmt: skip


@pytest.mark.parametrize("number", range(13))
def test_any_other_token_is_a_plain_404(client: Client, number: int) -> None:
    token = hostile()[number]
    for method in (client.get, client.post):
        response = method(f"/privacy/choices/{token}/")
        assert response.status_code == 404
        assert "This link isn&#x27;t one of ours" in response.content.decode() or "This link is invalid" in str(
            response.content.decode()
        )
    assert client.post(f"/privacy/choices/{token}/stop/order/").status_code == 404
    assert not Suppression.objects.exists()


def test_a_link_made_under_a_key_that_is_gone_is_unknown(client: Client, page: str, settings: Settings) -> None:
    new = RootKey(b"next", b"n" * 32)
    settings.ENCRYPTION_KEYS = f"{new.written_out()},{settings.ENCRYPTION_KEYS}"
    assert client.get(page).status_code == 200
    settings.ENCRYPTION_KEYS = new.written_out()
    assert client.get(page).status_code == 404


def test_each_link_is_another_text_for_the_same_person(clock: time_machine.Traveller) -> None:
    first, second = (preferences_token(ERIN, now=timezone.now()) for _ in range(2))
    assert first != second
    assert read_token(first) == read_token(second) is not None


# --- How to get the link ----------------------------------------------------------------------------------------------


def test_the_link_comes_by_mail(client: Client) -> None:
    response = client.post("/privacy/choices/", {"email": ERIN})
    assert response["Location"] == "/privacy/choices/sent/"
    assert client.get(link_mailed_to(ERIN)).status_code == 200


def test_known_and_unknown_addresses_get_the_same_answer(client: Client) -> None:
    suppress(ERIN)
    answers = {client.post("/privacy/choices/", {"email": email})["Location"] for email in (ERIN, "nobody@example.org")}
    assert answers == {"/privacy/choices/sent/"}
    run_due_tasks()
    assert sorted(message.to[0] for message in django_mail.outbox) == [ERIN, "nobody@example.org"]


def test_invalid_address_gets_an_error_and_stays_in_the_form(client: Client) -> None:
    response = client.post("/privacy/choices/", {"email": "erin at example"})
    assert 'value="erin at example"' in response.content.decode()
    assert "valid email address" in response.content.decode()


def test_the_request_for_a_link_is_gone_after_a_day(client: Client, clock: time_machine.Traveller) -> None:
    client.post("/privacy/choices/", {"email": ERIN})
    assert ChoicesRequest.objects.exists()
    clock.shift(timedelta(days=1))
    purge_expired(now=timezone.now())
    assert not ChoicesRequest.objects.exists()
