"""The referral cookie: sealed, valid for 30 days to the second, ignored if modified."""

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
from tests.affiliates.tracking.pages import referral_page

NOTHING = "Nothing is stored for this browser"


@pytest.fixture
def cookie(clock: time_machine.Traveller, alice: Affiliate, client: Client) -> str:
    """The cookie of a click at noon, in the client's browser."""
    return client.get("/go/DEMO/").cookies[COOKIE].value


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
def test_cookie_expires_after_30_days_to_the_second(
    client: Client, clock: time_machine.Traveller, cookie: str, age: timedelta, lives: bool
) -> None:
    clock.shift(age)
    client.cookies[COOKIE] = cookie  # the browser may still send what it should have dropped
    assert ("DEMO" in referral_page(client)) is lives
    assert (NOTHING in referral_page(client)) is not lives


def test_cookie_expires_after_30_days_across_leap_day(
    clock: time_machine.Traveller, client: Client, alice: Affiliate
) -> None:
    clock.move_to("2028-02-15T12:00:00+00:00")
    client.get("/go/DEMO/")
    assert "March 16, 2028, 12:00 UTC" in referral_page(client)


def test_modified_cookie_is_ignored(client: Client, cookie: str) -> None:
    assert "DEMO" in referral_page(client)
    raw = base64.urlsafe_b64decode(cookie + "=" * (-len(cookie) % 4))
    for position in range(len(raw)):
        changed = raw[:position] + bytes([raw[position] ^ 1]) + raw[position + 1 :]
        assert Token.parse(base64.urlsafe_b64encode(changed).decode().rstrip("=")) is None
    client.cookies[COOKIE] = cookie[:-6] + "AAAAAA"
    assert NOTHING in referral_page(client)


@pytest.mark.parametrize(
    "value", ["x", "AQ", "=", "====", "%00", "DEMO", "a.b.c", "ü", "A" * 10_000, "null", "AXRlc3Q"]
)
def test_malformed_cookie_is_ignored(client: Client, cookie: str, value: str) -> None:
    client.cookies[COOKIE] = value
    assert NOTHING in referral_page(client)


def test_cookie_of_random_bytes_is_ignored() -> None:
    chance = random.Random(1)
    for length in range(200):
        value = base64.urlsafe_b64encode(chance.randbytes(length)).decode()
        assert Token.parse(value) is None


@pytest.mark.usefixtures("clock")
def test_value_sealed_for_other_purpose_is_no_cookie(client: Client, cookie: str) -> None:
    sealed = seal(b"x" * 40, place=Place("affiliates_click", "address"), row=b"")
    assert Token.parse(base64.urlsafe_b64encode(sealed).decode()) is None
    short = seal(b"x" * 39, place=Place("cookie", COOKIE, use="cookie"), row=b"")
    assert Token.parse(base64.urlsafe_b64encode(short).decode()) is None


def test_forged_cookie_does_not_prevent_click(client: Client, cookie: str) -> None:
    client.cookies[COOKIE] = cookie[:-4] + "AAAA"
    assert COOKIE in client.get("/go/DEMO/").cookies
    assert Click.objects.count() == 2


def test_cookie_is_valid_without_its_row(client: Client, cookie: str) -> None:
    Click.objects.all().delete()
    page = referral_page(client)
    assert "the affiliate with the code DEMO" in page
    assert "nothing; only the cookie in your browser is left" in page


@pytest.mark.parametrize("length", [201, 4_000, 100_000])
def test_oversized_cookie_is_not_decoded(cookie: str, length: int) -> None:
    assert Token.parse(cookie) is not None
    assert Token.parse(cookie.ljust(length, "A")) is None


def test_cookie_sealed_with_unknown_key_is_ignored(cookie: str) -> None:
    assert Token.parse(cookie) is not None
    foreign = seal(b"x" * 40, place=Place("cookie", COOKIE, use="cookie"), row=b"", root=RootKey(b"evil", b"e" * 32))
    assert Token.parse(base64.urlsafe_b64encode(foreign).decode().rstrip("=")) is None


@pytest.mark.parametrize("value", ["x", "A" * 119, "A" * 10_000])
def test_forged_cookie_causes_no_query_beyond_the_menus(
    client: Client, cookie: str, value: str, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    client.cookies[COOKIE] = value
    with django_assert_num_queries(1):
        assert client.get("/privacy/referral/").status_code == 200


def test_cookie_is_http_only(client: Client, alice: Affiliate) -> None:
    """Safari deletes cookies that a script has set after 7 days."""
    set_by_server = client.get("/go/DEMO/").cookies[COOKIE]
    assert set_by_server["httponly"]
    assert set_by_server["max-age"] == 30 * 24 * 60 * 60


@pytest.mark.parametrize("address", ["/go/DEMO/", "/?ref=DEMO", "/go/NOBODY/", "/?ref=NOBODY"])
def test_response_with_cookie_is_not_cacheable(client: Client, alice: Affiliate, address: str) -> None:
    """Caches have handed one visitor's cookie to others: also the answer without a cookie is not kept."""
    assert client.get(address).headers["Cache-Control"] == "no-store"
    assert COOKIE not in client.get("/").cookies


def test_cookie_values_are_unpredictable(alice: Affiliate) -> None:
    """itthinx's hash repeats, and anybody can compute it."""
    values = {Client().get("/go/DEMO/").cookies[COOKIE].value for _ in range(20)}
    assert len(values) == 20
    assert not {value[6:40] for value in values} & {cookie[40:74] for cookie in values}
    assert Click.objects.values("cookie_digest").distinct().count() == 20
