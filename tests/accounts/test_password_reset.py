"""/accounts/password/: a link to a new password, once, for a day, without telling who has an account."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from bs4 import BeautifulSoup
from django.core import mail
from django.test import Client
from django.utils import timezone
from django_tasks_db.models import DBTaskResult
from pytest_django import Settings

from accounts.models import LinkRequest, User
from affiliates.models import Affiliate
from privacy.erasure.retention import purge_expired
from privacy.models import OutgoingMail, Suppression
from privacy.web.rate_limits import DAY, seconds_left
from tests import factories
from tests.accounts.codes import CODE, SET_UP, code_now, give_password, is_signed_in, set_up
from tests.cast import signed_in
from tests.privacy.inbox import link_mailed_to
from tests.privacy.stored import stored
from tests.statements import statements
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
    assert response["Location"] == "/accounts/"
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
        headers = {**response.headers, "X-Request-ID": ""}  # random, of each request
        answers.append((response.status_code, headers, client.get(response["Location"]).content))
    assert answers[0] == answers[1]
    run_due_tasks()
    assert len(mail.outbox) == 1


def test_a_known_address_costs_the_page_no_more_than_an_unknown_one(client: Client, alice: Affiliate) -> None:
    """The time of the answer would tell them apart: whose address it is, is looked up by a task."""
    ask(client, "first@example.net")  # what is looked up once is in memory from then on
    unknown = statements(lambda: ask(client, "nobody@example.net"))
    known = statements(lambda: ask(client, "alice@example.com"))
    assert known == unknown
    assert not [statement for statement in known if "accounts_user" in statement]
    run_due_tasks()
    assert [message.to for message in mail.outbox] == [["alice@example.com"]]


def test_no_task_holds_the_typed_address_and_the_row_that_does_is_gone_with_it(
    client: Client, alice: Affiliate
) -> None:
    ask(client, "nobody@example.net")
    [task], [row] = DBTaskResult.objects.all(), LinkRequest.objects.all()
    assert task.args_kwargs["args"] == [str(row.pk)]
    assert b"nobody" not in stored(row, "email")
    run_due_tasks()
    assert not LinkRequest.objects.exists()


def test_reset_request_without_a_worker_expires_after_an_hour(
    client: Client, alice: Affiliate, clock: time_machine.Traveller
) -> None:
    ask(client)
    clock.shift(timedelta(hours=1))
    purge_expired(now=timezone.now())
    assert not LinkRequest.objects.exists()
    run_due_tasks()
    assert not mail.outbox


def test_a_network_mails_so_many_strangers_and_no_more(client: Client, settings: Settings) -> None:
    """Accounts that an outsider knows of get their links, until the network's mails of the hour are sent."""
    settings.MAIL_LIMIT_PER_FORM = 3
    for number in range(6):
        factories.user(f"a{number}@example.org")
    answers = [ask(client, f"a{number}@example.org") for number in range(6)]
    assert [answer.status_code for answer in answers] == [302] * 3 + [429] * 3
    run_due_tasks()
    assert len(mail.outbox) == 3
    page = answers[-1].content.decode()
    assert "No link was sent this time" in page
    assert "a5@example.org" in page
    assert answers[-1]["Retry-After"] == "3600"
    assert client.post(URL, {"email": "a5@example.org"}, REMOTE_ADDR="198.51.100.1").status_code == 302


def test_all_forms_of_one_network_share_its_mails(client: Client, settings: Settings) -> None:
    settings.MAIL_LIMIT_PER_NETWORK = 2
    assert ask(client, "a@example.org").status_code == 302
    assert client.post("/affiliates/apply/link/", {"email": "b@example.org"}).status_code == 302
    assert ask(client, "c@example.org").status_code == 429


def test_one_address_is_mailed_so_often_in_a_day_from_wherever(
    client: Client, alice: Affiliate, settings: Settings, clock: time_machine.Traveller
) -> None:
    settings.MAIL_LIMIT_PER_ADDRESS = 2
    spellings = ["alice@example.com", "ALICE@example.com", " alice@Example.com"]
    answers = [
        client.post(URL, {"email": typed}, REMOTE_ADDR=f"198.51.{number}.1").status_code
        for number, typed in enumerate(spellings)
    ]
    assert answers == [302, 302, 302]
    run_due_tasks()
    assert len(mail.outbox) == 2
    clock.shift(timedelta(days=1))
    ask(client)
    run_due_tasks()
    assert len(mail.outbox) == 3


def test_one_network_does_not_use_up_the_links_of_an_account(client: Client, alice: Affiliate) -> None:
    answers = [client.post(URL, {"email": "alice@example.com"}, REMOTE_ADDR="203.0.113.7") for _ in range(11)]
    assert [answer.status_code for answer in answers] == [302] * 5 + [429] * 6
    assert answers[-1]["Retry-After"] == str(seconds_left(timezone.now(), DAY))
    run_due_tasks()
    mail.outbox.clear()
    ask(client)
    assert link_mailed_to("alice@example.com")


def test_the_link_works_once(client: Client, alice: Affiliate) -> None:
    ask(client)
    path = link_mailed_to("alice@example.com")
    set_password(client, path)
    again = Client().get(path, follow=True)
    assert "This link no longer works" in text(again)
    assert 'href="/accounts/password/"' in again.content.decode()


def test_two_links_of_one_account_set_one_password(client: Client, alice: Affiliate) -> None:
    ask(client)
    first = link_mailed_to("alice@example.com")
    ask(client)
    set_password(client, link_mailed_to("alice@example.com"))
    assert "no longer works" in text(Client().get(first, follow=True))


@pytest.mark.parametrize(("age", "works"), [(timedelta(days=1), True), (timedelta(days=1, seconds=1), False)])
def test_the_link_works_for_a_day(
    client: Client, alice: Affiliate, clock: time_machine.Traveller, age: timedelta, works: bool
) -> None:
    ask(client)
    path = link_mailed_to("alice@example.com")
    clock.shift(age)
    assert ("no longer works" in text(client.get(path, follow=True))) != works


def test_opening_the_link_changes_nothing(client: Client, alice: Affiliate) -> None:
    ask(client)
    client.get(link_mailed_to("alice@example.com"), follow=True)
    assert can_sign_in("correct horse battery")


@pytest.mark.parametrize("path", ["x/y/", "AAAA/set-password/", f"{'M' * 500}/c-d/", "%00/x/"])
def test_a_made_up_link_is_over_like_any_other(client: Client, path: str) -> None:
    assert "no longer works" in text(client.get(f"{URL}{path}", follow=True))


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


def test_setting_a_password_signs_in_and_says_so(client: Client, alice: Affiliate) -> None:
    ask(client)
    set_password(client, link_mailed_to("alice@example.com"))
    page = client.get("/accounts/", follow=True)
    assert page.redirect_chain == [("/affiliates/portal/", 302)]
    assert "Your password is set, and you are signed in." in text(page)


def test_setting_a_password_asks_for_the_second_factor(
    client: Client, alice: Affiliate, clock: time_machine.Traveller
) -> None:
    phone = signed_in(alice.user)
    give_password(phone, "alice@example.com")
    secret, _ = set_up(phone)
    clock.shift(timedelta(minutes=1))  # a code works once
    ask(client)
    response = set_password(client, link_mailed_to("alice@example.com"))
    assert response["Location"] == CODE
    assert not is_signed_in(client)
    assert "One more step" in text(client.get(CODE))
    client.post(CODE, {"code": code_now(secret)})
    assert is_signed_in(client)


def test_setting_a_password_sends_staff_to_set_up_a_second_factor(
    client: Client, bob: User, settings: Settings
) -> None:
    settings.STAFF_SECOND_FACTOR = True
    ask(client, "bob@example.com")
    response = set_password(client, link_mailed_to("bob@example.com"))
    assert response["Location"] == SET_UP
    assert not is_signed_in(client)


def test_a_closed_account_is_not_signed_in_by_its_link_and_gets_no_password(client: Client, alice: Affiliate) -> None:
    ask(client)
    path = link_mailed_to("alice@example.com")
    User.objects.update(is_active=False)
    assert set_password(client, path)["Location"] == "/accounts/login/"
    assert not is_signed_in(client)
    User.objects.update(is_active=True)
    assert not can_sign_in(NEW)


def test_a_new_password_ends_the_other_sessions(client: Client, alice: Affiliate) -> None:
    elsewhere = signed_in(alice.user)
    ask(client)
    set_password(client, link_mailed_to("alice@example.com"))
    assert elsewhere.get("/accounts/")["Location"].startswith("/accounts/login/")


def test_invalid_address_gets_an_error_and_stays_in_the_form(client: Client) -> None:
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
