"""/accounts/password/: a link to a new password, once, for a day, without telling who has an account."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from bs4 import BeautifulSoup
from django.core import mail
from django.test import Client

from accounts.models import User
from affiliates.models import Affiliate
from privacy.models import OutgoingMail, Suppression
from tests import factories
from tests.privacy.inbox import link_mailed_to
from tests.worker import run_due_tasks

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]

URL = "/accounts/password/"
NEW = "a much better password"


def ask(client: Client, email: str = "alice@example.com") -> Any:
    return client.post(URL, {"email": email})


def set_password(client: Client, path: str, password: str = NEW) -> Any:
    form = client.get(path, follow=True)
    return client.post(form.request["PATH_INFO"], {"new_password1": password, "new_password2": password})


def can_sign_in(password: str) -> bool:
    return Client().login(username="alice@example.com", password=password)


def text(response: Any) -> str:
    return BeautifulSoup(response.content, "html.parser").get_text(" ")


@pytest.mark.parametrize("typed", ["alice@example.com", "ALICE@example.COM"])
def test_the_link_sets_a_new_password(client: Client, alice: Affiliate, typed: str) -> None:
    ask(client, typed)
    response = set_password(client, link_mailed_to("alice@example.com"))
    assert response["Location"] == "/accounts/login/"
    assert can_sign_in(NEW)
    assert not can_sign_in("correct horse battery")


def test_the_link_goes_to_the_address_of_the_account_not_to_the_typed_one(client: Client, alice: Affiliate) -> None:
    ask(client, "Alice@EXAMPLE.com")
    run_due_tasks()
    assert [message.to for message in mail.outbox] == [["alice@example.com"]]


def test_the_answer_is_the_same_for_known_and_unknown_addresses(client: Client, alice: Affiliate) -> None:
    answers = []
    for address in ("alice@example.com", "nobody@example.com"):
        response = ask(client, address)
        headers = dict(response.headers)
        answers.append((response.status_code, headers, client.get(response["Location"]).content))
    assert answers[0] == answers[1]
    run_due_tasks()
    assert len(mail.outbox) == 1


def test_the_link_works_once(client: Client, alice: Affiliate) -> None:
    ask(client)
    path = link_mailed_to("alice@example.com")
    set_password(client, path)
    again = Client().get(path, follow=True)
    assert "This link does not work any more" in text(again)
    assert 'href="/accounts/password/"' in again.content.decode()


def test_two_links_of_one_account_set_one_password(client: Client, alice: Affiliate) -> None:
    ask(client)
    first = link_mailed_to("alice@example.com")
    ask(client)
    set_password(client, link_mailed_to("alice@example.com"))
    assert "does not work any more" in text(Client().get(first, follow=True))


@pytest.mark.parametrize(("age", "works"), [(timedelta(days=1), True), (timedelta(days=1, seconds=1), False)])
def test_the_link_works_for_a_day(
    client: Client, alice: Affiliate, clock: time_machine.Traveller, age: timedelta, works: bool
) -> None:
    ask(client)
    path = link_mailed_to("alice@example.com")
    clock.shift(age)
    assert ("does not work any more" in text(client.get(path, follow=True))) != works


def test_opening_the_link_changes_nothing(client: Client, alice: Affiliate) -> None:
    ask(client)
    client.get(link_mailed_to("alice@example.com"), follow=True)
    assert can_sign_in("correct horse battery")


@pytest.mark.parametrize("path", ["x/y/", "AAAA/set-password/", f"{'M' * 500}/c-d/", "%00/x/"])
def test_a_made_up_link_is_over_like_any_other(client: Client, path: str) -> None:
    assert "does not work any more" in text(client.get(f"{URL}{path}", follow=True))


@pytest.mark.parametrize("password", ["short", "password123", "1234567890", "alice@example.com"])
def test_a_weak_password_is_refused_and_the_link_still_works(client: Client, alice: Affiliate, password: str) -> None:
    ask(client)
    path = link_mailed_to("alice@example.com")
    assert set_password(client, path, password).status_code == 200
    set_password(client, path)
    assert can_sign_in(NEW)


def test_somebody_whose_first_link_lapsed_gets_another_one(client: Client) -> None:
    """A new account has no password yet; its owner must not stay locked out."""
    User.objects.create_user("alice@example.com")
    ask(client)
    set_password(client, link_mailed_to("alice@example.com"))
    assert can_sign_in(NEW)


def test_a_closed_account_gets_no_link(client: Client) -> None:
    factories.user("alice@example.com", is_active=False)
    ask(client)
    assert not OutgoingMail.objects.exists()


def test_somebody_who_opted_out_gets_the_link_they_ask_for(client: Client, alice: Affiliate) -> None:
    Suppression.objects.create(fingerprint="alice@example.com", channel="email")
    ask(client)
    assert link_mailed_to("alice@example.com")


def test_the_link_is_not_kept_once_it_is_mailed(client: Client, alice: Affiliate) -> None:
    ask(client)
    path = link_mailed_to("alice@example.com")
    kept = OutgoingMail.objects.get()
    assert path not in kept.text + kept.html


def test_a_new_password_ends_the_other_sessions(client: Client, alice: Affiliate) -> None:
    elsewhere = Client()
    elsewhere.force_login(alice.user)
    ask(client)
    set_password(client, link_mailed_to("alice@example.com"))
    assert elsewhere.get("/accounts/")["Location"].startswith("/accounts/login/")


def test_what_is_no_address_gets_a_message_and_stays(client: Client) -> None:
    response = ask(client, "alice at example")
    page = BeautifulSoup(response.content, "html.parser")
    assert page.find(role="alert")
    assert page.find("input", {"value": "alice at example"})


def test_the_mail_holds_no_undefined_words(client: Client, alice: Affiliate) -> None:
    ask(client)
    link_mailed_to("alice@example.com")
    message: Any = mail.outbox[0]
    assert message.subject == "Set your password"
    assert "UNDEFINED" not in f"{message.body}{message.alternatives}"
