"""However many requests arrive, each is stored; only mails are limited, and one link confirms all that waits."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from bs4 import BeautifulSoup
from django.core import mail
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from aitpro.housekeeping import housekeep
from contacts.models import Inquiry
from privacy.consent.opt_outs import is_opted_out
from privacy.models import AccessArchive, ChoicesRequest, PrivacyRequest
from privacy.registry.purposes import Channel
from tests import factories
from tests.days import days_pass
from tests.privacy.inbox import link_mailed_to
from tests.worker import run_due_tasks

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]

ERIN = "erin@example.org"
QUEUE = "/admin/privacy/privacyrequest/"


def ask(client: Client, email: str = ERIN, kind: str = "access", **fields: str) -> Any:
    response = client.post("/privacy/request/", {"email": email, "kind": kind, **fields})
    assert response.status_code == 302
    return response


def mails_to(email: str) -> list[Any]:
    run_due_tasks()
    return [message for message in mail.outbox if message.to == [email]]


def text(response: Any) -> str:
    page = BeautifulSoup(response.content, "html.parser")
    assert "UNDEFINED" not in str(page)
    return " ".join((page.find("main") or page.find(id="container") or page).get_text(" ").split())


def test_fourth_request_of_a_day_is_stored_and_the_first_link_lists_it(client: Client) -> None:
    for kind in ("access", "correction", "deletion"):
        ask(client, kind=kind)
        run_due_tasks()
    path = link_mailed_to(ERIN)
    ask(client, kind="complaint", details="The fourth of today")
    assert len(mails_to(ERIN)) == 3
    assert PrivacyRequest.objects.count() == 4
    page = text(client.get(path))
    for label in ("Send me all my data", "Correct my data", "Delete my data", "Complain about how"):
        assert label in page
    assert "The fourth of today" not in page  # what somebody typed is shown to nobody who may not have typed it


def test_any_spelling_of_an_address_counts_towards_its_mails_and_is_stored(client: Client) -> None:
    for typed in ("erin@example.org", "ERIN@example.org", "Erin@EXAMPLE.org", "erin@example.org"):
        ask(client, email=typed)
        run_due_tasks()
    assert PrivacyRequest.objects.count() == 4
    assert len(mail.outbox) == 3
    ask(client, email="frank@example.org")
    assert len(mails_to("frank@example.org")) == 1


def test_requests_that_arrive_together_share_one_mail(client: Client) -> None:
    for kind in ("access", "access", "deletion"):
        ask(client, kind=kind)
    [message] = mails_to(ERIN)
    assert "Send me all my data (2 times)" in message.body
    assert "Delete my data" in message.body


def test_one_button_answers_each_kind_once_however_often_it_was_asked(client: Client) -> None:
    for kind in ("access", "access", "access", "stop_contact"):
        ask(client, kind=kind)
    path = link_mailed_to(ERIN)
    client.post(path, {"kind": "access"})
    assert AccessArchive.objects.count() == 1
    assert set(PrivacyRequest.objects.filter(kind="access").values_list("state", flat=True)) == {"answered"}
    assert not is_opted_out(ERIN, Channel.EMAIL)
    assert "Stop contacting me" in text(client.get(path))
    client.post(path, {"kind": "stop_contact"})
    assert is_opted_out(ERIN, Channel.EMAIL)


def test_a_link_does_not_reach_the_requests_of_another_address(client: Client) -> None:
    ask(client, email="frank@example.org", kind="deletion")
    ask(client, kind="access")
    path = link_mailed_to(ERIN)
    assert "Delete my data" not in text(client.get(path))
    assert client.post(path, {"kind": "deletion"}).status_code in (302, 410)
    assert PrivacyRequest.objects.get(kind="deletion").state == "unconfirmed"


def test_complaint_is_in_the_register_at_once_and_shown_as_not_confirmed(client: Client, staff: Client) -> None:
    response = ask(client, kind="complaint", details="You wrote to me")
    request = PrivacyRequest.objects.get()
    assert request.is_open
    assert (request.due_at is not None, request.confirmed_at) == (True, None)
    assert request.reference in text(client.get(response["Location"]))
    assert "not confirmed" in text(staff.get(f"{QUEUE}?queue=open"))
    page = text(staff.get(f"{QUEUE}{request.pk}/step/answer/"))
    assert "The address is not confirmed" in page
    client.post(link_mailed_to(ERIN))
    assert "not confirmed" not in text(staff.get(f"{QUEUE}?queue=open")).replace("not confirmed yet", "")
    assert PrivacyRequest.objects.get().is_open


def test_wish_to_be_left_alone_waits_for_staff_when_nobody_confirms_it(client: Client, staff: Client) -> None:
    ask(client, kind="stop_contact")
    request = PrivacyRequest.objects.get()
    assert request.is_open
    assert not is_opted_out(ERIN, Channel.EMAIL)  # a stranger can't silence somebody else
    staff.post(f"{QUEUE}{request.pk}/step/stop/")
    assert is_opted_out(ERIN, Channel.EMAIL)


def test_complaint_through_a_held_contact_message_is_in_the_register_too(client: Client, settings: Settings) -> None:
    settings.MAIL_LIMIT_PER_ADDRESS = 0
    fields = {"name": "Erin", "email": ERIN, "kind": "complaint", "message": "You wrote to me"}
    assert client.post("/contact/", fields).status_code == 302
    assert Inquiry.objects.get().state == "held"
    request = PrivacyRequest.objects.get()
    assert request.is_open
    assert request.due_at is not None


def test_answer_goes_to_the_stored_spelling_of_the_address(client: Client) -> None:
    factories.inquiry("Erin@example.org")
    ask(client, email="ERIN@EXAMPLE.ORG")
    assert len(mails_to("Erin@example.org")) == 1


def test_nothing_that_was_typed_is_mailed(client: Client) -> None:
    ask(client, kind="complaint", details="Buy at https://evil.example", phone="")
    [message] = mails_to(ERIN)
    assert "evil" not in message.body + str(message.alternatives)


# --- Floods -----------------------------------------------------------------------------------------------------------


def test_one_network_causes_few_mails_and_every_request_is_kept(client: Client, settings: Settings) -> None:
    """A hundred strangers' addresses in half a minute: the mail cannon."""
    for number in range(60):
        ask(client, email=f"stranger-{number}@example.org", kind="access" if number % 2 else "complaint")
    for number in range(50):
        client.post("/privacy/choices/", {"email": f"other-{number}@example.org"})
    run_due_tasks()
    assert len(mail.outbox) == settings.PRIVACY_MAILS_PER_NETWORK
    assert (PrivacyRequest.objects.count(), ChoicesRequest.objects.count()) == (60, 50)
    assert PrivacyRequest.objects.open().count() == 30  # each complaint


def test_delayed_links_are_mailed_later_at_an_hourly_limit(
    client: Client, settings: Settings, clock: time_machine.Traveller
) -> None:
    settings.PRIVACY_MAILS_PER_NETWORK = 2
    for number in range(7):
        ask(client, email=f"person-{number}@example.org")
    run_due_tasks()
    assert len(mail.outbox) == 2
    for expected in (4, 6, 7, 7):
        clock.shift(timedelta(hours=1))
        for _ in range(3):
            housekeep(now=timezone.now())
            run_due_tasks()
        assert len(mail.outbox) == expected
    assert len({message.to[0] for message in mail.outbox}) == 7


def test_late_link_works_for_seven_days(client: Client, settings: Settings, clock: time_machine.Traveller) -> None:
    settings.PRIVACY_MAILS_PER_NETWORK = 0
    ask(client)
    clock.shift(timedelta(days=6))
    settings.PRIVACY_MAILS_PER_NETWORK = 1
    housekeep(now=timezone.now())
    path = link_mailed_to(ERIN)
    days_pass(clock, timedelta(days=6))
    housekeep(now=timezone.now())
    assert "Your archive is ready" in text(client.post(path, follow=True))


def test_staff_can_mail_a_link_that_waits(
    client: Client, staff: Client, settings: Settings, clock: time_machine.Traveller
) -> None:
    settings.PRIVACY_MAILS_PER_NETWORK = 0
    ask(client)
    request = PrivacyRequest.objects.get()
    clock.shift(timedelta(minutes=6))
    assert "1 privacy request whose link is delayed" in text(staff.get("/admin/"))
    assert request.reference in text(staff.get(f"{QUEUE}?queue=link"))
    assert "on its way" in text(staff.post(f"{QUEUE}{request.pk}/step/send-link/", follow=True))
    assert len(mails_to(ERIN)) == 1
    assert request.reference not in text(staff.get(f"{QUEUE}?queue=link"))
    assert "This action is not available" in text(staff.post(f"{QUEUE}{request.pk}/step/send-link/", follow=True))


def test_an_address_at_its_limit_does_not_hold_up_the_others(
    client: Client, settings: Settings, clock: time_machine.Traveller
) -> None:
    settings.PRIVACY_MAILS_PER_ADDRESS, settings.PRIVACY_MAILS_PER_NETWORK = 1, 1
    ask(client)
    run_due_tasks()
    for _ in range(5):
        ask(client, kind="deletion")
    ask(client, email="frank@example.org")
    clock.shift(timedelta(hours=1))
    housekeep(now=timezone.now())
    assert len(mails_to("frank@example.org")) == 1
    assert len(mails_to(ERIN)) == 1


# --- Choices ----------------------------------------------------------------------------------------------------------


def test_choices_link_beyond_the_limit_comes_the_next_day_at_the_latest(
    client: Client, settings: Settings, clock: time_machine.Traveller
) -> None:
    settings.PRIVACY_MAILS_PER_ADDRESS = 1
    client.post("/privacy/choices/", {"email": ERIN})
    run_due_tasks()
    clock.shift(timedelta(hours=2))
    client.post("/privacy/choices/", {"email": ERIN})
    assert len(mails_to(ERIN)) == 1
    clock.shift(timedelta(hours=22, minutes=1))
    housekeep(now=timezone.now())
    assert len(mails_to(ERIN)) == 2


def test_choices_and_requests_share_the_mails_of_an_address(client: Client) -> None:
    for _ in range(2):
        ask(client)
        run_due_tasks()
        client.post("/privacy/choices/", {"email": ERIN})
        run_due_tasks()
    assert len(mails_to(ERIN)) == 3


@pytest.mark.parametrize("path", ["/privacy/request/", "/privacy/choices/"])
def test_pages_promise_no_mail_that_may_not_come(client: Client, path: str) -> None:
    response = client.post(path, {"email": ERIN, "kind": "access"}, follow=True)
    assert "We have sent" not in text(response)
    assert "(3 a day)" in text(response)


@pytest.mark.parametrize("number", ["x", "<b>owned</b>", "ABCD", "abcdefgh"])
def test_page_after_a_request_shows_nobody_elses_words(client: Client, number: str) -> None:
    assert client.get(f"/privacy/request/sent/{number}/").status_code == 404
