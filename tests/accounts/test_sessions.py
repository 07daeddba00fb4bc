"""Sessions: a copied database opens nothing, they end in time, and only one's own browser holds the key."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.conf import settings as configured
from django.contrib.sessions.backends.base import UpdateError
from django.db import connection
from django.test import Client
from pytest_django import Settings

from accounts.models import User
from accounts.models.session import Session
from accounts.sessions.browsers import browser_name
from accounts.sessions.store import SessionStore
from affiliates.models import Affiliate
from privacy.encryption.keys import RootKey, key_ring
from privacy.requests.archive import collect

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]

COOKIE = configured.SESSION_COOKIE_NAME
PASSWORD = "correct horse battery"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


@pytest.fixture(autouse=True)
def _as_in_production(settings: Settings) -> None:
    settings.STAFF_SESSION_IDLE_MINUTES, settings.STAFF_SESSION_HOURS = 60, 12
    settings.AFFILIATE_SESSION_IDLE_DAYS, settings.AFFILIATE_SESSION_DAYS = 14, 90


def sign_in(email: str = "alice@example.com") -> Client:
    client = Client(headers={"user-agent": FIREFOX})
    assert client.post("/accounts/login/", {"email": email, "password": PASSWORD}).status_code == 302
    return client


def may_work(client: Client) -> bool:
    return client.get("/affiliates/portal/").status_code == 200


def whole_database() -> list[str]:
    """Every value of every column of every table, as a thief reads them: bytes also as text."""
    with connection.cursor() as cursor:
        values: list[Any] = []
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT * FROM "{table}"')
            values += [value for row in cursor.fetchall() for value in row]
    return [bytes(v).decode("latin-1") if isinstance(v, (bytes, memoryview)) else str(v) for v in values]


def test_the_key_in_the_cookie_is_nowhere_in_the_database(alice: Affiliate) -> None:
    client = sign_in()
    assert may_work(client)
    key, stored = client.cookies[COOKIE].value, whole_database()
    assert any(str(alice.user.pk.hex) in value.replace("-", "") for value in stored)  # the search finds what is there
    assert not any(key in value for value in stored)


def test_no_value_in_the_database_opens_a_session(bob: User) -> None:
    sign_in("bob@example.com")
    [session] = Session.objects.all()
    row = Session.objects.values_list("id", "data").get()
    guesses = [row[0].hex, str(row[0]), row[0].bytes.hex(), bytes(row[1]).hex(), bytes(row[1]).decode("latin-1")[:60]]
    for guess in guesses:
        thief = Client()
        thief.cookies[COOKIE] = guess.replace(";", "").replace("\n", "")
        assert thief.get("/admin/").status_code == 302
    assert session.user == bob


def test_the_table_of_live_keys_is_gone() -> None:
    assert "accounts_session" in connection.introspection.table_names()
    assert "django_session" not in connection.introspection.table_names()


def test_session_data_is_sealed(alice: Affiliate) -> None:
    """A message may quote what somebody typed."""
    client = sign_in()
    session = client.session
    session["typed"] = "zanzibar@example.net"
    session.save()
    assert client.session["typed"] == "zanzibar@example.net"
    assert not any("zanzibar" in value for value in whole_database())


def test_data_moved_from_another_session_opens_nothing(alice: Affiliate, bob: User) -> None:
    """Who can write to the database still can't make an affiliate's cookie open the staff's pages."""
    client = sign_in()
    sign_in("bob@example.com")
    with connection.cursor() as cursor:
        cursor.execute("SELECT data FROM accounts_session WHERE is_staff")
        [[data]] = cursor.fetchall()
        cursor.execute("UPDATE accounts_session SET data = %s WHERE NOT is_staff", [data])
    assert client.get("/admin/")["Location"].startswith("/admin/login/")


def test_a_new_key_signs_nobody_out_before_the_old_one_is_taken_out(alice: Affiliate, settings: Settings) -> None:
    client, old = sign_in(), key_ring().primary
    new = RootKey(b"next", b"n" * 32)
    settings.ENCRYPTION_KEYS = f"{new.written_out()},{old.written_out()}"
    assert may_work(client)
    client.post("/accounts/logout/")
    assert not Session.objects.exists()


def test_signing_out_leaves_no_row(alice: Affiliate) -> None:
    client = sign_in()
    key = client.cookies[COOKIE].value
    client.post("/accounts/logout/")
    assert not Session.objects.exists()
    client.cookies[COOKIE] = key
    assert not may_work(client)


def test_a_key_planted_before_the_sign_in_opens_nothing_after_it(client: Client, alice: Affiliate) -> None:
    planted = client.session
    planted["x"] = 1
    planted.save()
    client.cookies[COOKIE] = str(planted.session_key)
    client.post("/accounts/login/", {"email": "alice@example.com", "password": PASSWORD})
    assert may_work(client)
    attacker = Client()
    attacker.cookies[COOKIE] = str(planted.session_key)
    assert not may_work(attacker)


def test_an_invented_key_is_not_adopted(client: Client) -> None:
    client.cookies[COOKIE] = "a" * 32
    client.get("/accounts/login/")
    assert not Session.objects.exists()


def test_a_save_does_not_bring_back_a_session_that_was_ended_meanwhile(alice: Affiliate) -> None:
    client = sign_in()
    running = SessionStore(client.cookies[COOKIE].value)
    running["late"] = True
    Session.objects.all().delete()
    with pytest.raises(UpdateError):
        running.save()
    assert not Session.objects.exists()


def test_a_staff_session_ends_after_an_hour_without_a_page(bob: User, clock: time_machine.Traveller) -> None:
    client = sign_in("bob@example.com")
    clock.shift(timedelta(minutes=59))
    assert client.get("/admin/").status_code == 200
    clock.shift(timedelta(minutes=59))
    assert client.get("/admin/").status_code == 200
    clock.shift(timedelta(hours=1))
    assert client.get("/admin/").status_code == 302


def test_a_staff_session_ends_after_twelve_hours_of_work(bob: User, clock: time_machine.Traveller) -> None:
    client = sign_in("bob@example.com")
    for _ in range(23):
        clock.shift(timedelta(minutes=30))
        assert client.get("/admin/").status_code == 200
    clock.shift(timedelta(minutes=30))
    assert client.get("/admin/").status_code == 302


def test_an_affiliates_session_ends_after_two_weeks_away(alice: Affiliate, clock: time_machine.Traveller) -> None:
    client = sign_in()
    clock.shift(timedelta(days=13))
    assert may_work(client)
    clock.shift(timedelta(days=13))
    assert may_work(client)
    clock.shift(timedelta(days=14))
    assert not may_work(client)


def test_the_times_of_the_settings_are_those_of_the_issue() -> None:
    """Tests stretch them; what runs is in the project's own settings."""
    from aitpro import settings as real

    assert (real.STAFF_SESSION_IDLE_MINUTES, real.STAFF_SESSION_HOURS) == (60, 12)
    assert (real.AFFILIATE_SESSION_IDLE_DAYS, real.AFFILIATE_SESSION_DAYS) == (14, 90)


def test_a_page_notes_the_visit_at_most_once_a_minute(
    alice: Affiliate, clock: time_machine.Traveller, django_assert_num_queries: Any
) -> None:
    client = sign_in()
    [session] = Session.objects.all()
    seen = session.last_seen_at
    clock.shift(timedelta(seconds=59))
    client.get("/affiliates/portal/")
    session.refresh_from_db()
    assert session.last_seen_at == seen
    clock.shift(timedelta(seconds=1))
    client.get("/affiliates/portal/")
    session.refresh_from_db()
    assert session.last_seen_at == seen + timedelta(minutes=1)


def test_a_reader_without_a_cookie_costs_no_session(client: Client, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(1) as asked:
        client.get("/affiliates/applied/")
    assert 'FROM "pages_page"' in asked[0]["sql"]  # the menu
    assert COOKIE not in client.cookies


def test_an_affiliate_who_joins_the_staff_signs_in_again(alice: Affiliate) -> None:
    client = sign_in()
    assert may_work(client)
    alice.user.is_staff = True
    alice.user.save()
    assert not may_work(client)


def test_closing_an_account_deletes_its_sessions(alice: Affiliate) -> None:
    sign_in()
    assert Session.objects.exists()
    alice.user.is_active = False
    alice.user.save()
    assert not Session.objects.exists()


def test_the_archive_shows_ones_sessions_without_a_key(alice: Affiliate) -> None:
    client = sign_in()
    [section] = [one for one in collect(email="alice@example.com") if one["what"] == "Where you are signed in"]
    assert section["rows"][0]["type of browser"] == "Firefox on Linux"
    assert [line["what"] for line in section["withheld"]] == ["session data while you are signed in"]
    assert client.cookies[COOKIE].value not in str(section)


@pytest.mark.parametrize(
    ("header", "name"),
    [
        (FIREFOX, "Firefox on Linux"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Mobile Safari/604.1", "Safari on iOS"),
        ("Mozilla/5.0 (Windows NT 10.0; Win64) Chrome/140.0 Safari/537.36 Edg/140.0", "Edge on Windows"),
        ("Mozilla/5.0 (Linux; Android 15; Pixel) Chrome/140.0 Mobile Safari/537.36", "Chrome on Android"),
        ("curl/8 name=Alice", "Unknown browser"),
        ("", "Unknown browser"),
    ],
)
def test_a_browser_is_named_coarsely(header: str, name: str) -> None:
    assert browser_name(header) == name
