"""/accounts/login/: sign-in by email address, however it is typed, and nothing told to those who guess."""

from __future__ import annotations

import json
from typing import Any

import pytest
from bs4 import BeautifulSoup
from django.contrib.auth.hashers import MD5PasswordHasher
from django.test import Client
from pytest_django import Settings

from accounts.models import User
from accounts.models.session import Session
from affiliates.models import Affiliate
from tests import factories

pytestmark = pytest.mark.django_db

URL = "/accounts/login/"
PASSWORD = "correct horse battery"


def sign_in(client: Client, email: str = "alice@example.com", password: str = PASSWORD, **fields: str) -> Any:
    return client.post(URL, {"email": email, "password": password, **fields})


def signed_in(client: Client) -> bool:
    return "_auth_user_id" in client.session


@pytest.mark.parametrize("typed", ["alice@example.com", "ALICE@Example.com", " alice@example.com "])
def test_an_address_typed_differently_signs_in(client: Client, alice: Affiliate, typed: str) -> None:
    response = sign_in(client, typed)
    assert (response.status_code, response["Location"]) == (302, "/accounts/")
    assert signed_in(client)


def test_a_domain_in_its_own_script_signs_in(client: Client) -> None:
    factories.user("zoe@bücher.example")
    assert sign_in(client, "Zoe@BÜCHER.example").status_code == 302


WRONG = {
    "a wrong password": ("Alice@Example.com", "wrong"),
    "an unknown address": ("nobody@example.com", PASSWORD),
    "a password with a space too many": ("alice@example.com", f" {PASSWORD}"),
}


@pytest.mark.parametrize(("email", "password"), WRONG.values(), ids=WRONG)
def test_a_wrong_pair_is_told_and_the_address_kept_as_typed(
    client: Client, alice: Affiliate, email: str, password: str
) -> None:
    response = sign_in(client, email, password)
    assert response.status_code == 200
    assert not signed_in(client)
    page = BeautifulSoup(response.content, "html.parser")
    assert "That email address and password don't match" in page.get_text()
    field: Any = page.find("input", {"name": "email"})
    assert field["value"] == email
    assert page.find("input", {"name": "password"}).get("value") is None  # type: ignore[union-attr]


def test_the_answer_does_not_tell_which_half_was_wrong(client: Client, alice: Affiliate) -> None:
    answers = []
    for address in ("alice@example.com", "nobody@example.com"):
        page: Any = BeautifulSoup(sign_in(client, address, "wrong").content, "html.parser").find("main")
        page.find("input", {"name": "csrfmiddlewaretoken"}).decompose()
        answers.append(str(page).replace(address, "…"))
    assert answers[0] == answers[1]


def test_sign_in_costs_the_same_for_an_unknown_address(client: Client, alice: Affiliate, settings: Settings) -> None:
    """A hash is computed either way, so that the time does not tell."""
    settings.PASSWORD_HASHERS = ["tests.accounts.test_sign_in.CountingHasher"]
    alice.user.set_password(PASSWORD)
    alice.user.save()
    counts = []
    for address in ("alice@example.com", "nobody@example.com"):
        CountingHasher.count = 0
        sign_in(client, address, "wrong")
        counts.append(CountingHasher.count)
    assert counts == [1, 1]


class CountingHasher(MD5PasswordHasher):
    """Counts how often a password is hashed."""

    count = 0

    def encode(self, password: str, salt: str) -> str:
        CountingHasher.count += 1
        return super().encode(password, salt)


def test_a_closed_account_does_not_sign_in(client: Client) -> None:
    factories.user("alice@example.com", is_active=False)
    assert sign_in(client).status_code == 200
    assert not signed_in(client)


def test_closing_an_account_ends_its_sessions(client: Client, alice: Affiliate) -> None:
    sign_in(client)
    User.objects.update(is_active=False)
    assert client.get("/accounts/")["Location"].startswith(URL)


@pytest.mark.parametrize("email", ["", "alice", "alice@", "a" * 300 + "@example.com", "x\0@example.com"])
def test_invalid_address_at_sign_in_gets_an_error(client: Client, email: str) -> None:
    response = sign_in(client, email)
    assert response.status_code == 200
    assert BeautifulSoup(response.content, "html.parser").find(role="alert")


@pytest.mark.parametrize("method", ["address", "field"])
def test_next_is_honoured(client: Client, alice: Affiliate, method: str) -> None:
    page = client.get(f"{URL}?next=/affiliates/portal/links/")
    assert BeautifulSoup(page.content, "html.parser").find(
        "input", {"name": "next", "value": "/affiliates/portal/links/"}
    )
    data = {"email": "alice@example.com", "password": PASSWORD}
    if method == "address":
        response = client.post(f"{URL}?next=/affiliates/portal/", data)
    else:
        response = client.post(URL, {**data, "next": "/affiliates/portal/"})
    assert response["Location"] == "/affiliates/portal/"


ELSEWHERE = [
    "https://evil.example/",
    "//evil.example/",
    "///evil.example",
    "http:///evil.example",
    "https:evil.example",
    "\\\\evil.example",
    "/\\evil.example",
    "javascript:alert(1)",
    "\thttps://evil.example",
    "https://testserver@evil.example/",
    "https://testserver.evil.example/",
]


@pytest.mark.parametrize("target", ELSEWHERE)
def test_next_never_leads_elsewhere(client: Client, alice: Affiliate, target: str) -> None:
    page = client.get(URL, {"next": target})
    assert "evil" not in str(BeautifulSoup(page.content, "html.parser").find("input", {"name": "next"}))
    assert sign_in(client, next=target)["Location"] == "/accounts/"


def test_everybody_lands_where_they_work(client: Client, alice: Affiliate, staff: Client) -> None:
    sign_in(client)
    assert client.get("/accounts/")["Location"] == "/affiliates/portal/"
    assert staff.get("/accounts/")["Location"] == "/admin/"


def test_a_session_holds_an_id_and_no_address(client: Client, alice: Affiliate) -> None:
    sign_in(client)
    [session] = Session.objects.all()
    content = json.loads(session.data)
    assert content["_auth_user_id"] == str(alice.user.pk)
    assert "alice" not in str(content).lower()


def test_signing_in_starts_a_new_session(client: Client, alice: Affiliate) -> None:
    """A session that somebody else planted before is not the one that is signed in."""
    session = client.session
    session["planted"] = True
    session.save()
    before = session.session_key
    sign_in(client)
    assert client.session.session_key != before


def test_a_sign_in_from_another_site_is_refused(alice: Affiliate) -> None:
    client = Client(enforce_csrf_checks=True)
    assert sign_in(client).status_code == 403


def test_signing_out_takes_a_post(client: Client, alice: Affiliate) -> None:
    sign_in(client)
    assert client.get("/accounts/logout/").status_code == 405
    assert signed_in(client)
    assert client.post("/accounts/logout/")["Location"] == "/"
    assert not signed_in(client)


def test_a_page_behind_the_sign_in_asks_for_it(client: Client) -> None:
    assert client.get("/accounts/")["Location"] == f"{URL}?next=/accounts/"
