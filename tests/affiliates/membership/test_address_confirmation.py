"""An application's address is confirmed by a link, once, within seven days, without revealing known addresses."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from bs4 import BeautifulSoup
from django.core import mail
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from accounts.models import LinkRequest
from affiliates.models import Affiliate, Application
from privacy.erasure.retention import purge_expired
from tests.statements import statements

from .conftest import Link
from .test_applications import APPLY, ERIN, decide

Work = Callable[[], int]

CONFIRM = "/affiliates/apply/confirm/"
AGAIN = "/affiliates/apply/link/"


@pytest.fixture
def application(clock: time_machine.Traveller, client: Client, work: Work, db: None) -> Application:
    client.post(APPLY, ERIN)
    work()
    return Application.objects.get()


def state_of(application: Application) -> str:
    application.refresh_from_db()
    return application.state


def test_confirmation_link_opens_page_whose_button_confirms(
    client: Client, application: Application, link: Link
) -> None:
    assert "Is this application yours?" in client.get(link(CONFIRM)).content.decode()
    assert state_of(application) == "unconfirmed"  # mail scanners open links
    page = client.post(link(CONFIRM), follow=True).content.decode()
    assert "we have your application" in page
    assert state_of(application) == "open"
    assert application.confirmed_at == timezone.now()


def test_confirmation_link_works_once(client: Client, application: Application, link: Link) -> None:
    client.post(link(CONFIRM))
    for response in (client.get(link(CONFIRM)), client.post(link(CONFIRM))):
        assert response.status_code == 410
        assert "has expired" in response.content.decode()


@pytest.mark.parametrize(("days", "answer"), [(timedelta(days=7, seconds=-1), 302), (timedelta(days=7), 410)])
def test_confirmation_link_expires_after_seven_days(
    clock: time_machine.Traveller,
    client: Client,
    application: Application,
    link: Link,
    days: timedelta,
    answer: int,
) -> None:
    clock.shift(days)
    assert client.post(link(CONFIRM)).status_code == answer


@pytest.mark.parametrize("confirmed", [True, False])
def test_unconfirmed_application_is_deleted_after_seven_days(
    clock: time_machine.Traveller, client: Client, application: Application, link: Link, confirmed: bool
) -> None:
    if confirmed:
        client.post(link(CONFIRM))
    clock.shift(timedelta(days=7) - timedelta(seconds=1))
    purge_expired(now=timezone.now())
    assert Application.objects.exists()
    clock.shift(timedelta(seconds=1))
    purge_expired(now=timezone.now())
    assert Application.objects.exists() == confirmed


def test_decided_application_is_kept_for_two_years(
    clock: time_machine.Traveller, client: Client, application: Application, link: Link
) -> None:
    client.post(link(CONFIRM))
    clock.shift(timedelta(days=730) - timedelta(seconds=1))
    purge_expired(now=timezone.now())
    assert Application.objects.exists()
    clock.shift(timedelta(seconds=1))
    purge_expired(now=timezone.now())
    assert not Application.objects.exists()


def test_new_confirmation_link_replaces_old_one(
    client: Client, application: Application, link: Link, work: Work
) -> None:
    old = link(CONFIRM)
    client.post(AGAIN, {"email": "ERIN@example.org"})
    work()
    assert link(CONFIRM) != old
    assert client.get(old).status_code == 410
    assert client.post(link(CONFIRM)).status_code == 302


def test_link_request_answers_known_and_unknown_addresses_alike(
    client: Client, application: Application, work: Work
) -> None:
    sent = len(mail.outbox)
    known = client.post(AGAIN, {"email": "erin@example.org"})
    unknown = client.post(AGAIN, {"email": "nobody@example.org"})
    assert (known.status_code, known.headers["Location"]) == (unknown.status_code, unknown.headers["Location"])
    work()
    assert [message.to for message in mail.outbox[sent:]] == [["Erin@example.org"]]


def test_address_gets_limited_number_of_confirmation_links(
    clock: time_machine.Traveller, client: Client, application: Application, work: Work, settings: Settings
) -> None:
    settings.MAIL_LIMIT_PER_ADDRESS = 3
    for number in range(5):  # from many networks, as a botnet would
        client.post(AGAIN, {"email": "erin@example.org"}, REMOTE_ADDR=f"198.51.{number}.1")
        work()
    assert len(mail.outbox) == 1 + 3  # the first came with the application
    clock.shift(timedelta(days=1))
    client.post(AGAIN, {"email": "erin@example.org"})
    work()
    assert len(mail.outbox) == 5


def test_strangers_messages_do_not_use_up_the_confirmation_links(
    client: Client, application: Application, work: Work, settings: Settings
) -> None:
    settings.MAIL_LIMIT_PER_ADDRESS = 2
    message = {"name": "Mallory", "email": "erin@example.org", "kind": "question", "message": "Hello?"}
    for number in range(4):
        client.post("/contact/", {**message, "message": f"Hello {number}?"}, REMOTE_ADDR=f"198.51.{number}.1")
    work()
    mail.outbox.clear()
    client.post(AGAIN, {"email": "erin@example.org"})
    work()
    assert [message.to for message in mail.outbox] == [["Erin@example.org"]]


def test_link_request_over_limit_says_that_no_link_was_sent(client: Client, db: None, settings: Settings) -> None:
    settings.MAIL_LIMIT_PER_ADDRESS = 2
    client.post(AGAIN, {"email": "nobody@example.org"})
    LinkRequest.objects.all().delete()
    answer = client.post(AGAIN, {"email": "nobody@example.org"})
    assert answer.status_code == 429
    assert "No link was sent this time" in answer.content.decode()
    assert "nobody@example.org" in answer.content.decode()
    assert not LinkRequest.objects.exists()


@pytest.fixture
def held(clock: time_machine.Traveller, client: Client, work: Work, db: None) -> Application:
    """Erin's browser, or a program, filled in the field that nobody sees."""
    client.post(APPLY, {**ERIN, "extra": "Ellis Ltd"})
    work()
    return Application.objects.get()


def test_application_with_filled_honeypot_is_held_silently(client: Client, held: Application) -> None:
    assert held.state == "held"
    assert not mail.outbox
    pages = []
    for trap in ("x", ""):
        answer = client.post(APPLY, {**ERIN, "email": f"{trap}frank@example.org", "extra": trap}, follow=True)
        pages.append((answer.redirect_chain, answer.content))
    assert pages[0] == pages[1]
    assert Application.objects.filter(state="unconfirmed").count() == 1


def test_released_application_gets_confirmation_link(
    client: Client, held: Application, staff: Client, link: Link, work: Work
) -> None:
    assert "1</strong> application to decide" in " ".join(staff.get("/admin/").content.decode().split())
    assert str(held.pk) in staff.get("/admin/affiliates/application/?state__in=held,open").content.decode()
    page = f"/admin/affiliates/application/{held.pk}/"
    assert "This application is held for review" in staff.get(f"{page}change/").content.decode()
    assert "1 released" in staff.post(f"{page}decide/release/", follow=True).content.decode()
    work()
    assert [message.to for message in mail.outbox] == [["Erin@example.org"]]
    assert "0 released" in staff.post(f"{page}decide/release/", follow=True).content.decode()
    client.post(link(CONFIRM))
    assert state_of(held) == "open"
    assert "1 approved" in decide(staff, held, "approve")


def test_discarded_application_is_kept_without_an_email(held: Application, staff: Client, work: Work) -> None:
    assert "1 discarded" in decide(staff, held, "discard")
    assert "0 discarded" in decide(staff, held, "discard")
    work()
    assert not mail.outbox
    assert state_of(held) == "declined"
    assert held.decided_at == timezone.now()


def test_requesting_link_again_releases_held_application(client: Client, held: Application, work: Work) -> None:
    client.post(AGAIN, {"email": "erin@example.org"})
    work()
    assert [message.to for message in mail.outbox] == [["Erin@example.org"]]
    assert state_of(held) == "unconfirmed"


def test_held_application_is_kept_as_long_as_decided_one(clock: time_machine.Traveller, held: Application) -> None:
    clock.shift(timedelta(days=729))
    purge_expired(now=timezone.now())
    assert Application.objects.exists()


def test_applications_over_mail_limit_of_network_are_held(
    clock: time_machine.Traveller, client: Client, staff: Client, work: Work, settings: Settings
) -> None:
    settings.MAIL_LIMIT_PER_FORM = 1
    client.post(APPLY, ERIN)
    page = client.post(APPLY, {**ERIN, "email": "frank@example.org"}, follow=True).content.decode()
    assert page == client.get("/affiliates/applied/").content.decode()
    work()
    assert [message.to for message in mail.outbox] == [["Erin@example.org"]]
    clock.shift(timedelta(days=8))  # Erin's, which nobody confirmed, is gone
    purge_expired(now=timezone.now())
    frank = Application.objects.get()
    assert frank.email == "frank@example.org"
    assert "1</strong> application to decide" in " ".join(staff.get("/admin/").content.decode().split())
    assert "1 approved" in decide(staff, frank, "approve")


def test_applications_over_network_limit_are_refused_with_form_kept(
    client: Client, db: None, settings: Settings
) -> None:
    settings.MAIL_LIMIT_PER_FORM, settings.HELD_LIMIT_PER_NETWORK = 0, 1
    assert client.post(APPLY, ERIN).status_code == 302
    response = client.post(APPLY, {**ERIN, "email": "frank@example.org"})
    assert response.status_code == 429
    assert "Retry-After" in response.headers
    assert "frank@example.org" in response.content.decode()
    assert Application.objects.count() == 1


def test_known_address_costs_same_queries_as_unknown_one(
    client: Client, application: Application, alice: Affiliate
) -> None:
    """What a known address costs more is done by a task."""

    def asked(path: str, email: str) -> list[str]:
        return statements(lambda: client.post(path, {**ERIN, "email": email}))

    for path, known in ((APPLY, "alice@example.com"), (AGAIN, "erin@example.org")):
        asked(path, "first@example.net")  # what is looked up once is in memory from then on
        unknown = asked(path, "nobody@example.net")
        assert len(unknown) > 3
        assert asked(path, known) == unknown


def test_admin_lists_confirmed_applications_first(
    client: Client, application: Application, staff: Client, link: Link
) -> None:
    client.post(link(CONFIRM))
    client.post(APPLY, {**ERIN, "email": "frank@example.org"})
    page = BeautifulSoup(staff.get("/admin/affiliates/application/").content, "html.parser")
    states = [cell.get_text(strip=True) for cell in page.select("td.field-state")]
    assert states == ["waiting for a decision", "address not confirmed"]


@pytest.mark.parametrize("token", ["x", "%00", "a" * 500])
def test_invalid_confirmation_link_is_answered_as_expired(client: Client, db: None, token: str) -> None:
    assert client.get(f"{CONFIRM}{token}/").status_code == 410
