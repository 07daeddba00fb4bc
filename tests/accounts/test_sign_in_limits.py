"""Guessing passwords ends soon, by account and by network; the owner is never locked out by it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from bs4 import BeautifulSoup
from django.db import connection
from django.test import Client
from pytest_django import Settings

from accounts.passwords.hashers import ConcurrencyLimit
from accounts.sign_in.known_browser import COOKIE
from affiliates.models import Affiliate
from tests import factories
from tests.privacy.inbox import link_mailed_to
from tests.statements import statements

from .test_sign_in import CountingHasher

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]

URL = "/accounts/login/"
PASSWORD = "correct horse battery"
HERE, ELSEWHERE = "203.0.113.7", "198.51.100.7"


@pytest.fixture(autouse=True)
def _small_limits(settings: Settings) -> None:
    settings.SIGN_IN_LIMIT_PER_ACCOUNT_AND_NETWORK = 3
    settings.SIGN_IN_LIMIT_PER_NETWORK = 5
    settings.SIGN_IN_LIMIT_PER_ACCOUNT = 7
    settings.SIGN_IN_LIMIT_PER_BROWSER = 3


def sign_in(client: Client, password: str = PASSWORD, *, email: str = "alice@example.com", network: str = HERE) -> Any:
    return client.post(URL, {"email": email, "password": password}, REMOTE_ADDR=network)


def guess(times: int, *, network: str = ELSEWHERE, email: str = "alice@example.com") -> list[int]:
    return [sign_in(Client(), f"wrong {n}", email=email, network=network).status_code for n in range(times)]


def flood_from_everywhere() -> None:
    for number in range(4):
        guess(3, network=f"192.0.{number}.1")


def test_guesses_for_one_account_end_and_not_even_the_right_one_is_compared(alice: Affiliate) -> None:
    assert guess(4) == [200, 200, 200, 429]
    answer = sign_in(Client(), network=ELSEWHERE)
    assert answer.status_code == 429
    assert "_auth_user_id" not in answer.wsgi_request.session


def test_the_answer_keeps_the_address_and_shows_the_way_in(alice: Affiliate) -> None:
    guess(3)
    answer = sign_in(Client(), email="Alice@Example.com", network=ELSEWHERE)
    page = BeautifulSoup(answer.content, "html.parser")
    assert answer["Retry-After"] == "3600"  # the clock stands at noon
    assert "Too many wrong passwords" in page.get_text()
    assert page.find("input", {"name": "email", "value": "Alice@Example.com"})
    assert page.select_one("main a.button[href='/accounts/password/']")


def test_nothing_is_hashed_beyond_the_limit(alice: Affiliate, settings: Settings) -> None:
    guess(3)
    settings.PASSWORD_HASHERS = ["tests.accounts.test_sign_in.CountingHasher"]
    CountingHasher.count = 0
    assert guess(2) == [429, 429]
    assert CountingHasher.count == 0


def test_guesses_from_one_network_end_whatever_the_account(alice: Affiliate) -> None:
    answers = [guess(1, email=f"a{number}@example.org")[0] for number in range(6)]
    assert answers == [200] * 5 + [429]
    assert guess(1, network="198.51.100.200") == [429]  # the same /24
    assert guess(1, network=HERE) == [200]


def test_guesses_for_one_account_end_from_however_many_networks(alice: Affiliate) -> None:
    answers = [guess(1, network=f"192.0.{number}.1")[0] for number in range(8)]
    assert answers == [200] * 7 + [429]


def test_an_unknown_address_is_limited_like_a_known_one(alice: Affiliate) -> None:
    known = guess(4, network="192.0.2.1")
    unknown = guess(4, network="198.51.100.1", email="nobody@example.org")
    assert known == unknown == [200, 200, 200, 429]


@pytest.mark.parametrize("typed", ["ALICE@example.com", " alice@EXAMPLE.com "])
def test_another_spelling_is_the_same_account(alice: Affiliate, typed: str) -> None:
    guess(3)
    assert guess(1, email=typed) == [429]


def test_right_passwords_take_no_room(alice: Affiliate) -> None:
    assert [sign_in(Client()).status_code for _ in range(20)] == [302] * 20
    assert guess(3, network=HERE) == [200] * 3


def test_the_owner_signs_in_from_another_network_while_one_floods(alice: Affiliate) -> None:
    assert guess(10)[-1] == 429
    assert sign_in(Client()).status_code == 302


def test_the_owners_browser_signs_in_whatever_others_try(alice: Affiliate) -> None:
    owner = Client()
    sign_in(owner)
    owner.post("/accounts/logout/")
    flood_from_everywhere()
    guess(10, network=HERE)  # a neighbor in the same network too
    assert sign_in(Client()).status_code == 429
    assert sign_in(owner).status_code == 302


def test_a_mailed_link_leads_in_from_anywhere(alice: Affiliate) -> None:
    flood_from_everywhere()
    owner = Client()
    assert sign_in(owner).status_code == 429
    owner.post("/accounts/password/", {"email": "alice@example.com"})
    form = owner.get(link_mailed_to("alice@example.com"), follow=True)
    new = "a much better secret"
    owner.post(form.request["PATH_INFO"], {"new_password1": new, "new_password2": new})
    assert sign_in(owner, new).status_code == 302


def test_guesses_in_the_owners_browser_end_too_and_count_nowhere_else(alice: Affiliate) -> None:
    owner = Client()
    sign_in(owner)
    owner.post("/accounts/logout/")
    assert [sign_in(owner, "wrong").status_code for _ in range(4)] == [200, 200, 200, 429]
    assert sign_in(Client()).status_code == 302


def test_a_browser_known_for_one_account_is_a_stranger_to_another(alice: Affiliate) -> None:
    factories.user("mallory@example.org")
    mallory = Client()
    sign_in(mallory, email="mallory@example.org")
    assert [sign_in(mallory, "wrong").status_code for _ in range(4)] == [200, 200, 200, 429]


@pytest.mark.parametrize("cookie", ["", "x", "x.y", ".", "a" * 5000, "\u00e9.\u00e9"])
def test_a_made_up_cookie_is_no_known_browser(alice: Affiliate, cookie: str) -> None:
    client = Client()
    client.cookies[COOKIE] = cookie
    assert [sign_in(client, "wrong").status_code for _ in range(4)][-1] == 429


def test_the_cookie_names_nobody(alice: Affiliate) -> None:
    client = Client()
    sign_in(client)
    value = client.cookies[COOKIE].value
    assert client.cookies[COOKIE]["httponly"]
    assert "alice" not in value
    assert alice.user.pk.hex not in value.replace("-", "")


def test_sign_in_is_allowed_again_in_the_next_hour(alice: Affiliate, clock: time_machine.Traveller) -> None:
    assert guess(4)[-1] == 429
    clock.shift(timedelta(hours=1))
    assert sign_in(Client(), network=ELSEWHERE).status_code == 302


def test_no_address_and_no_network_is_stored(alice: Affiliate) -> None:
    guess(2)
    with connection.cursor() as cursor:
        cursor.execute("SELECT cache_key, value FROM privacy_limits")
        rows = str(cursor.fetchall()).lower()
    assert "limit-" in rows
    for secret in ("alice", "example", "198.51"):
        assert secret not in rows


def test_the_staffs_own_sign_in_is_limited_by_the_same_page(client: Client, bob: Any) -> None:
    """`/admin/login/` compares no password."""
    answer = client.post("/admin/login/", {"username": "bob@example.com", "password": PASSWORD})
    assert answer["Location"].startswith(URL)


ACCOUNTS = {"known": "alice@example.com", "closed": "closed@example.com", "without a password": "new@example.com"}


@pytest.mark.parametrize("email", ACCOUNTS.values(), ids=ACCOUNTS)
def test_a_wrong_password_costs_the_same_for_every_kind_of_account(
    alice: Affiliate, settings: Settings, email: str
) -> None:
    """One hash and the same statements as for an address that nobody has: the time would tell."""
    settings.PASSWORD_HASHERS = ["tests.accounts.test_sign_in.CountingHasher"]
    factories.user("closed@example.com", is_active=False)
    factories.user("new@example.com").set_unusable_password()
    type(alice.user).objects.filter(email_index="new@example.com").update(password="!")
    alice.user.set_password(PASSWORD)
    alice.user.save()
    guess(1, email="first@example.net", network=HERE)  # what is looked up once is in memory from then on
    CountingHasher.count = 0
    unknown = statements(lambda: guess(1, email="nobody@example.net", network="192.0.2.1"))
    assert CountingHasher.count == 1
    assert statements(lambda: guess(1, email=email, network="192.0.3.1")) == unknown
    assert CountingHasher.count == 2


def test_every_hasher_of_the_site_has_the_ceiling() -> None:
    from django.utils.module_loading import import_string

    from aitpro import settings as shipped

    assert shipped.PASSWORD_HASHERS
    assert all(issubclass(import_string(name), ConcurrencyLimit) for name in shipped.PASSWORD_HASHERS)


OWN = [
    "alice liddell",
    "AliceLiddell2026",
    "Liddell-Alice-1",
    "4l1ce.l1dd3ll!",
    "lleddil.ecila",
    "alice@example.com",
    "ALICE@EXAMPLE.COM",
    "wonderland.example",
    "WONDERLAND99-1",
    "J\u00fcrgen-Alice",
    "AITpro Website Design",
]


@pytest.mark.parametrize("password", OWN)
def test_a_password_made_of_what_others_know_of_its_owner_is_refused(password: str) -> None:
    alice = factories.affiliate(email="alice@example.com", code="WONDERLAND99", website="https://wonderland.example")
    alice.user.name = "Alice Juergen Liddell"
    alice.user.save()
    client = Client()
    client.post("/accounts/password/", {"email": "alice@example.com"})
    form = client.get(link_mailed_to("alice@example.com"), follow=True)
    path = form.request["PATH_INFO"]
    assert client.post(path, {"new_password1": password, "new_password2": password}).status_code == 200
    good = "alice reads at the brook"
    assert client.post(path, {"new_password1": good, "new_password2": good}).status_code == 302
