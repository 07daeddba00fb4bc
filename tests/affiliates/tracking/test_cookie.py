"""The visitor's cookie: sealed, 30 days to the second, worth nothing when anybody touched it."""

from __future__ import annotations

import base64
import random
from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from affiliates.models import Affiliate, Click
from affiliates.tracking.referral_cookie import COOKIE, Token
from privacy.encryption.keys import RootKey
from privacy.encryption.sealing import Place, seal

NOTHING = "Nothing is stored for this browser"


@pytest.fixture
def cookie(clock: time_machine.Traveller, alice: Affiliate, client: Client) -> str:
    """The cookie of a click at noon, in the client's browser."""
    return client.get("/go/DEMO/").cookies[COOKIE].value


def shown(client: Client) -> str:
    response = client.get("/privacy/referral/")
    assert response.status_code == 200
    return response.content.decode()


@pytest.mark.parametrize(
    ("age", "lives"),
    [
        (timedelta(0), True),
        (timedelta(days=29, hours=23, minutes=59), True),
        (timedelta(days=29, hours=23, minutes=59, seconds=59), True),
        (timedelta(days=30), False),
        (timedelta(days=30, seconds=1), False),
        (timedelta(days=365), False),
        (timedelta(seconds=-1), False),  # the clock was moved back: a click of the future is no click
    ],
)
def test_it_lives_30_days_to_the_second(
    client: Client, clock: time_machine.Traveller, cookie: str, age: timedelta, lives: bool
) -> None:
    clock.shift(age)
    client.cookies[COOKIE] = cookie  # the browser may still send what it should have dropped
    assert ("DEMO" in shown(client)) is lives
    assert (NOTHING in shown(client)) is not lives


def test_it_counts_30_days_over_a_leap_day(clock: time_machine.Traveller, client: Client, alice: Affiliate) -> None:
    clock.move_to("2028-02-15T12:00:00+00:00")
    client.get("/go/DEMO/")
    assert "March 16, 2028, 12:00 UTC" in shown(client)


def test_a_changed_cookie_is_ignored(client: Client, cookie: str) -> None:
    assert "DEMO" in shown(client)
    raw = base64.urlsafe_b64decode(cookie + "=" * (-len(cookie) % 4))
    for position in range(len(raw)):
        changed = raw[:position] + bytes([raw[position] ^ 1]) + raw[position + 1 :]
        assert Token.parse(base64.urlsafe_b64encode(changed).decode().rstrip("=")) is None
    client.cookies[COOKIE] = cookie[:-6] + "AAAAAA"
    assert NOTHING in shown(client)


@pytest.mark.parametrize(
    "value", ["x", "AQ", "=", "====", "%00", "DEMO", "a.b.c", "ü", "A" * 10_000, "null", "AXRlc3Q"]
)
def test_rubbish_is_ignored(client: Client, cookie: str, value: str) -> None:
    client.cookies[COOKIE] = value
    assert NOTHING in shown(client)


def test_random_bytes_are_ignored() -> None:
    chance = random.Random(1)
    for length in range(200):
        value = base64.urlsafe_b64encode(chance.randbytes(length)).decode()
        assert Token.parse(value) is None


@pytest.mark.usefixtures("clock")
def test_what_was_sealed_for_something_else_is_no_cookie(client: Client, cookie: str) -> None:
    sealed = seal(b"x" * 40, place=Place("affiliates_click", "address"), row=b"")
    assert Token.parse(base64.urlsafe_b64encode(sealed).decode()) is None
    short = seal(b"x" * 39, place=Place("cookie", COOKIE, use="cookie"), row=b"")
    assert Token.parse(base64.urlsafe_b64encode(short).decode()) is None


def test_a_forged_cookie_does_not_keep_a_click_from_counting(client: Client, cookie: str) -> None:
    client.cookies[COOKIE] = cookie[:-4] + "AAAA"
    assert COOKIE in client.get("/go/DEMO/").cookies
    assert Click.objects.count() == 2


def test_a_cookie_outlives_its_row(client: Client, cookie: str) -> None:
    Click.objects.all().delete()
    page = shown(client)
    assert "the affiliate with the code DEMO" in page
    assert "nothing; only the cookie in your browser is left" in page


@pytest.mark.parametrize("length", [201, 4_000, 100_000])
def test_a_huge_cookie_is_not_even_decoded(cookie: str, length: int) -> None:
    assert Token.parse(cookie) is not None
    assert Token.parse(cookie.ljust(length, "A")) is None


def test_a_cookie_sealed_with_a_foreign_key_is_ignored(cookie: str) -> None:
    assert Token.parse(cookie) is not None
    foreign = seal(b"x" * 40, place=Place("cookie", COOKIE, use="cookie"), row=b"", root=RootKey(b"evil", b"e" * 32))
    assert Token.parse(base64.urlsafe_b64encode(foreign).decode().rstrip("=")) is None


@pytest.mark.parametrize("value", ["x", "A" * 119, "A" * 10_000])
def test_a_forged_cookie_asks_the_database_nothing(
    client: Client, cookie: str, value: str, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    client.cookies[COOKIE] = value
    with django_assert_num_queries(0):
        assert client.get("/privacy/referral/").status_code == 200


def test_it_is_set_by_the_server_and_out_of_reach_of_scripts(client: Client, alice: Affiliate) -> None:
    """Safari deletes cookies that a script has set after 7 days."""
    set_by_server = client.get("/go/DEMO/").cookies[COOKIE]
    assert set_by_server["httponly"]
    assert set_by_server["max-age"] == 30 * 24 * 60 * 60


@pytest.mark.parametrize("address", ["/go/DEMO/", "/?ref=DEMO", "/go/NOBODY/", "/?ref=NOBODY"])
def test_no_cache_hands_it_to_somebody_else(client: Client, alice: Affiliate, address: str) -> None:
    """Caches have handed one visitor's cookie to others: also the answer without a cookie is not kept."""
    assert client.get(address).headers["Cache-Control"] == "no-store"
    assert COOKIE not in client.get("/").cookies


def test_nobody_can_guess_the_next_one(alice: Affiliate) -> None:
    """itthinx's hash repeats, and anybody can compute it."""
    values = {Client().get("/go/DEMO/").cookies[COOKIE].value for _ in range(20)}
    assert len(values) == 20
    assert not {value[6:40] for value in values} & {cookie[40:74] for cookie in values}
    assert Click.objects.values("cookie_digest").distinct().count() == 20
