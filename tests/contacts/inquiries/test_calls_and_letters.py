"""Staff write down calls, letters and mails; one of ours only where the person permits it, and for what."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from accounts.models import User
from contacts.models import Correspondence, Inquiry
from privacy.audit.models import AuditEntry
from privacy.consent.opt_outs import suppress
from privacy.registry.purposes import Channel
from tests import factories
from tests.contacts.conftest import page_of, press
from tests.staff_pages import Page

pytestmark = pytest.mark.django_db

CALL = {"way": "call_out", "purpose": "answer_inquiry", "happened_at": "2026-03-02 03:00", "notes": "They want blue."}


def log(staff: Client, inquiry: Inquiry, **changes: Any) -> str:
    return press(staff, inquiry, "log", **{**CALL, **changes})


def test_call_is_logged(staff: Client, bob: User, inquiry: Inquiry) -> None:
    page = log(staff, inquiry)
    entry = Correspondence.objects.get()
    assert (entry.author, entry.way, entry.notes) == (bob, "call_out", "They want blue.")
    assert "Logged." in page
    assert "They want blue." in page
    assert AuditEntry.objects.filter(action="contacts.call.logged", object_id=entry.pk).count() == 1


def test_call_that_is_shown_first_says_what_it_is(staff: Client, inquiry: Inquiry) -> None:
    Inquiry.objects.update(received_at=timezone.now() - timedelta(days=1))
    log(staff, inquiry, way="call_in", notes="Calls back tomorrow.")
    first = Page(staff, page_of(inquiry)).html.partition('id="latest"')[2].partition("Calls back tomorrow.")[0]
    assert "<strong>bob@example.com</strong>: call received" in first


def test_what_came_after_the_latest_message_is_apart_from_what_came_before(staff: Client, inquiry: Inquiry) -> None:
    Inquiry.objects.update(received_at=timezone.now() - timedelta(days=1))
    log(staff, inquiry, way="call_in", notes="Calls back tomorrow.")
    log(staff, inquiry, happened_at="2026-03-02 03:30", notes="We called back.")
    _, _, shown = Page(staff, page_of(inquiry)).text.partition("Calls back tomorrow.")
    since, before = shown.index("Since then"), shown.index("Before that")
    assert since < shown.index("We called back.") < before < shown.rindex(inquiry.message)


@pytest.mark.parametrize(("way", "point"), [("call_out", "phone number"), ("letter_out", "postal address")])
def test_missing_contact_point_cannot_be_used(staff: Client, clock: object, way: str, point: str) -> None:
    page = log(staff, factories.inquiry("erin@example.org"), way=way)
    assert f"Not logged: no {point} was given with this message." in page
    assert "They want blue." in page
    assert not Correspondence.objects.exists()


@pytest.mark.parametrize("way", ["call_out", "letter_out"])
def test_contact_point_given_for_another_purpose_cannot_be_used(staff: Client, inquiry: Inquiry, way: str) -> None:
    page = log(staff, inquiry, way=way, purpose="quote")
    assert "was given for answering a question, and not for preparing a quote" in page
    assert not Correspondence.objects.exists()


@pytest.mark.parametrize(
    ("way", "channel", "wish"),
    [("call_out", Channel.PHONE, "opted out of phone calls"), ("letter_out", Channel.LETTER, "opted out of letters")],
)
def test_opted_out_person_cannot_be_contacted(
    staff: Client, inquiry: Inquiry, way: str, channel: Channel, wish: str
) -> None:
    suppress(inquiry.email, channel)
    assert f"Not logged: this person {wish}." in log(staff, inquiry, way=way)
    assert not Correspondence.objects.exists()


def test_an_opt_out_from_letters_leaves_calls(staff: Client, inquiry: Inquiry) -> None:
    suppress(inquiry.email, Channel.LETTER)
    assert "Logged." in log(staff, inquiry)


@pytest.mark.parametrize("way", ["mail_in", "call_in", "letter_in"])
def test_incoming_contact_needs_no_permission(staff: Client, clock: object, way: str) -> None:
    silent = factories.inquiry("erin@example.org")
    suppress(silent.email)
    assert "Logged." in log(staff, silent, way=way)


def test_incoming_contact_reopens_the_message(staff: Client, inquiry: Inquiry, clock: time_machine.Traveller) -> None:
    Inquiry.objects.update(state="answered", answered_at=timezone.now())
    log(staff, inquiry, way="mail_in")
    assert inquiry.state == "open"
    assert str(inquiry.due_at) == "2026-03-05 07:59:59+00:00"  # the end of Wednesday in California


def test_answering_call_marks_the_message_answered(staff: Client, inquiry: Inquiry) -> None:
    log(staff, inquiry, answers="on")
    assert inquiry.state == "answered"
    assert inquiry.answered_at is not None


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"notes": ""}, "This field is required"),
        ({"notes": "a\x07"}, "control character"),
        ({"happened_at": "tomorrow"}, "Enter a valid date/time"),
        ({"happened_at": "2026-03-03 11:00"}, "Enter a time in the past"),
        ({"way": "pigeon"}, "Select a valid choice"),
        ({"purpose": "site_traffic"}, "Select a valid choice"),
    ],
)
def test_invalid_log_entry_is_explained(staff: Client, inquiry: Inquiry, changes: dict[str, str], message: str) -> None:
    assert message in log(staff, inquiry, **changes)
    assert not Correspondence.objects.exists()


def test_log_form_shows_current_permissions(staff: Client, inquiry: Inquiry) -> None:
    suppress(inquiry.email, Channel.PHONE)
    page = " ".join(staff.get(page_of(inquiry, "log")).content.decode().split())
    assert "Phone, for answering a question: <strong>no</strong>, this person opted out of phone calls" in page
    assert "Letter, for answering a question: yes" in page


def test_logging_requires_the_change_permission(client: Client, inquiry: Inquiry, vera: User) -> None:
    client.force_login(vera)
    assert client.post(page_of(inquiry, "log"), CALL).status_code == 403
    assert not Correspondence.objects.exists()
