"""/accounts/security/: the own password, the own sessions; what the owner hears by mail, and what is recorded."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from bs4 import BeautifulSoup
from django.contrib.auth.models import Group
from django.core import mail
from django.test import Client

from accounts.models import User
from accounts.models.session import Session
from affiliates.models import Affiliate
from privacy.audit.models import AuditEntry
from tests import factories
from tests.cast import signed_in
from tests.worker import run_due_tasks

from .codes import LOGIN, PASSWORD, give_password, is_signed_in
from .test_sessions import FIREFOX

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]

PAGE, CHANGE = "/accounts/security/", "/accounts/security/password/"
NEW = "a much better password"
SAFARI = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Mobile/15E148 Safari/604.1"


@pytest.fixture
def browser(alice: Affiliate) -> Client:
    client = Client(headers={"user-agent": FIREFOX})
    give_password(client, "alice@example.com")
    return client


@pytest.fixture
def elsewhere(alice: Affiliate) -> Client:
    client = Client(headers={"user-agent": SAFARI})
    give_password(client, "alice@example.com")
    return client


def actions() -> list[str]:
    return list(AuditEntry.objects.order_by("number").values_list("action", flat=True))


def mailed() -> list[tuple[str, list[str]]]:
    run_due_tasks()
    return [(str(message.subject), message.to) for message in mail.outbox]


def change(client: Client, old: str = PASSWORD, new: str = NEW) -> Any:
    return client.post(CHANGE, {"old_password": old, "new_password1": new, "new_password2": new})


def test_the_page_shows_every_session_and_which_is_this_one(browser: Client, elsewhere: Client) -> None:
    cards = [
        card.get_text(" ", strip=True)
        for card in BeautifulSoup(browser.get(PAGE).content, "html.parser").select(".card")
    ]
    assert len(cards) == 2
    assert sum("this browser" in card for card in cards) == 1
    [own] = [card for card in cards if "this browser" in card]
    [other] = [card for card in cards if "this browser" not in card]
    assert "Firefox on Linux" in own
    assert "Safari on iOS" in other
    assert "March 2, 2026, 12:00" in other


def test_one_session_is_ended(browser: Client, elsewhere: Client, alice: Affiliate) -> None:
    [other] = [row for row in Session.objects.all() if row.browser == "Safari on iOS"]
    path = f"{PAGE}sessions/{other.pk}/end/"
    assert browser.get(path).status_code == 405
    for _ in range(2):
        assert browser.post(path)["Location"] == PAGE
    assert not is_signed_in(elsewhere)
    assert is_signed_in(browser)
    assert actions().count("accounts.session.ended") == 1


def test_session_of_another_user_is_not_ended(browser: Client, bob: User) -> None:
    victim = Client()
    give_password(victim, "bob@example.com")
    row = Session.objects.get(user=bob)
    browser.post(f"{PAGE}sessions/{row.pk}/end/")
    assert is_signed_in(victim)


def test_all_others_are_ended(browser: Client, elsewhere: Client) -> None:
    browser.post(f"{PAGE}sessions/end/")
    assert not is_signed_in(elsewhere)
    assert is_signed_in(browser)


def test_a_superuser_ends_anybodys_sessions(staff: Client, bob: User, elsewhere: Client, alice: Affiliate) -> None:
    path = f"/admin/accounts/user/{alice.user.pk}/end-sessions/"
    assert path in staff.get(f"/admin/accounts/user/{alice.user.pk}/change/").content.decode()
    staff.get(path)
    assert is_signed_in(elsewhere)
    staff.post(path)
    assert not is_signed_in(elsewhere)
    entry = AuditEntry.objects.get(action="accounts.sessions.ended")
    assert (entry.actor, entry.object_id) == (bob.pk, str(alice.user.pk))


def test_staff_who_are_no_superusers_end_nobodys(alice: Affiliate, elsewhere: Client) -> None:
    dora = factories.user("dora@example.com", is_staff=True)
    client = signed_in(dora)
    assert client.post(f"/admin/accounts/user/{alice.user.pk}/end-sessions/").status_code == 403
    assert is_signed_in(elsewhere)


def test_a_new_password_ends_the_other_sessions_and_is_mailed(browser: Client, elsewhere: Client) -> None:
    assert change(browser)["Location"] == PAGE
    assert is_signed_in(browser)
    assert not is_signed_in(elsewhere)
    assert Client().login(username="alice@example.com", password=NEW)
    assert ("Your password was changed", ["alice@example.com"]) in mailed()
    assert "accounts.password.changed" in actions()


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("wrong", NEW, "Wrong password"),
        (PASSWORD, "short", "too short"),
        (PASSWORD, "alice@example.com", ""),
    ],
)
def test_a_password_that_will_not_do_is_named(browser: Client, old: str, new: str, message: str) -> None:
    response = change(browser, old, new)
    assert response.status_code == 200
    page = response.content.decode()
    assert "errorlist" in page
    assert message in page
    assert NEW not in page


def test_the_admins_own_password_page_leads_here(staff: Client) -> None:
    assert staff.get("/admin/password_change/")["Location"] == CHANGE
    assert PAGE in staff.get("/admin/").content.decode()


def test_a_reset_by_mail_is_told_and_recorded(client: Client, alice: Affiliate) -> None:
    from tests.privacy.inbox import link_mailed_to

    client.post("/accounts/password/", {"email": "alice@example.com"})
    form = client.get(link_mailed_to("alice@example.com"), follow=True)
    client.post(form.request["PATH_INFO"], {"new_password1": NEW, "new_password2": NEW})
    assert "accounts.password.reset" in actions()
    assert ("Your password was changed", ["alice@example.com"]) in mailed()


@pytest.mark.parametrize("page", [PAGE, CHANGE, "/accounts/authenticator/"])
def test_strangers_are_sent_to_the_sign_in(client: Client, page: str) -> None:
    assert client.get(page)["Location"].startswith(LOGIN)


def test_staff_hear_of_a_sign_in_from_a_new_browser(bob: User) -> None:
    own, thief = Client(), Client()
    give_password(own, "bob@example.com")
    assert mailed() == []  # the first one ever has nothing to be compared with
    cookie = own.cookies["aitpro_known_browser"]
    assert (cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, "Lax", "/accounts/")
    assert str(bob.pk) not in cookie.value
    own.post("/accounts/logout/")
    give_password(own, "bob@example.com")
    assert mailed() == []
    give_password(thief, "bob@example.com")
    assert mailed() == [("A sign-in from a new browser", ["bob@example.com"])]


def test_the_cookie_of_a_colleague_makes_no_browser_known(bob: User) -> None:
    factories.user("dora@example.com", is_staff=True)
    shared = Client()
    for _ in range(2):
        give_password(Client(), "bob@example.com")
    run_due_tasks()
    mail.outbox.clear()
    give_password(shared, "dora@example.com")
    shared.post("/accounts/logout/")
    give_password(shared, "bob@example.com")
    assert mailed() == [("A sign-in from a new browser", ["bob@example.com"])]


def test_an_affiliate_hears_of_no_new_browser(browser: Client, alice: Affiliate) -> None:
    browser.post("/accounts/logout/")
    Client().post("/accounts/login/", {"email": "alice@example.com", "password": "correct horse battery"})
    run_due_tasks()
    assert "aitpro_known_browser" in browser.cookies
    assert not mail.outbox


def test_signing_in_and_out_is_recorded(browser: Client, alice: Affiliate) -> None:
    browser.post("/accounts/logout/")
    assert actions() == ["accounts.session.started", "accounts.session.ended"]
    assert set(AuditEntry.objects.values_list("actor", "object_id")) == {(alice.user.pk, str(alice.user.pk))}


def test_failures_are_logged_and_recorded_without_an_address(
    client: Client, alice: Affiliate, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "accounts"):
        for address in ("alice@example.com", "mallory@example.net"):
            client.post(LOGIN, {"email": address, "password": "wrong"})
    assert [record.getMessage() for record in caplog.records if record.name == "accounts"] == [
        f"accounts.session.refused: user {alice.user.pk}",
        "accounts.session.refused: user unknown",
    ]
    run_due_tasks()
    entries = AuditEntry.objects.filter(action="accounts.session.refused")
    assert {entry.object_id for entry in entries} == {str(alice.user.pk), ""}
    assert {entry.actor for entry in entries} == {None}


def test_a_flood_of_failures_does_not_fill_the_audit(client: Client, alice: Affiliate) -> None:
    for number in range(30):
        client.post(LOGIN, {"email": "alice@example.com", "password": "wrong"}, REMOTE_ADDR=f"192.0.{number}.1")
    run_due_tasks()
    assert 0 < actions().count("accounts.session.refused") <= 5


def test_granted_rights_are_recorded_with_who_granted_them(staff: Client, bob: User) -> None:
    dora = factories.user("dora@example.com", name="Dora")
    role = Group.objects.create(name="a role")
    data = {"email": "dora@example.com", "name": "Dora", "is_active": "on", "is_staff": "on", "groups": [role.pk]}
    assert staff.post(f"/admin/accounts/user/{dora.pk}/change/", data).status_code == 302
    entry = AuditEntry.objects.get(action="accounts.rights.changed")
    assert (entry.actor, entry.object_id) == (bob.pk, str(dora.pk))
    staff.post(f"/admin/accounts/user/{dora.pk}/change/", {**data, "name": "Dorothea"})
    assert AuditEntry.objects.filter(action="accounts.rights.changed").count() == 1
