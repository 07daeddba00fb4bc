"""A correspondence by email from its first word to its erasure: with the command that the mail server calls, the
staff's pages, and the links that are mailed."""

from __future__ import annotations

import io
import json
import sys
import zipfile
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core.management import call_command
from django.test import Client

from contacts.models import Attachment, IncomingMail, Inquiry, Reply
from privacy.models import PrivacyRequest
from tests.contacts.conftest import form_of
from tests.contacts.incoming_mail.letters import BUSINESS, DAVE, PDF, mailed_to, written
from tests.privacy.inbox import link_mailed_to

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]

DAVES = "dave@example.org"


@pytest.fixture
def deliver(monkeypatch: pytest.MonkeyPatch) -> Any:
    """What the mail server does with a message."""

    def pipe(raw: bytes) -> None:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(raw)))
        call_command("receive_mail", stdout=io.StringIO())

    return pipe


def test_correspondence_by_email_is_answered_exported_and_erased(
    deliver: Any, staff: Client, client: Client, clock: time_machine.Traveller
) -> None:
    # Dave writes, and is answered from the inbox.
    deliver(written(DAVE, "What would a new site cost?", Message_ID="<first@mail.example.org>"))
    inquiry = Inquiry.objects.get()
    [confirmation] = mailed_to(DAVES)
    assert inquiry.reference in confirmation.subject
    clock.shift(timedelta(hours=2))
    page = form_of(staff, inquiry)
    assert "What would a new site cost?" in page.text
    assert "> What would a new site cost?" in page.field("answer")
    page.press("Send", answer="From $900. Red or blue?")
    sent = mailed_to(DAVES)[-1].message()
    assert sent["In-Reply-To"] == "<first@mail.example.org>"
    assert sent["References"].endswith("<first@mail.example.org>")
    assert sent["Auto-Submitted"] is None

    # He answers back with an attachment: in the same thread, which waits again.
    clock.shift(timedelta(days=1))
    said = "Blue, please.\n\nOn Mon, Mar 2, 2026 at 2:00 PM AITpro <info@ait-pro.com> wrote:\n\n> Red or blue?\n"
    deliver(written(DAVE, said, subject="Colors", plan=PDF, In_Reply_To=sent["Message-ID"]))
    inquiry.refresh_from_db()
    assert (Inquiry.objects.count(), inquiry.state) == (1, "open")
    page = form_of(staff, inquiry)
    assert page.soup.select_one(".inbox-message > .inbox-words").get_text(strip=True) == "Blue, please."  # type: ignore[union-attr]
    [link] = [link for link in page.soup.select("a") if link.get_text() == "plan.pdf"]
    assert staff.get(str(link["href"])).content == PDF
    page.press("Send", answer="Blue it is.")

    # He asks for everything, and gets it behind a link that only his mailbox has.
    clock.shift(timedelta(days=1))
    deliver(written(DAVE, "Send me all my data, please.", subject="My data", In_Reply_To=sent["Message-ID"]))
    assert "Send me all my data" in form_of(staff, inquiry).text
    assert not PrivacyRequest.objects.exists()
    form_of(staff, inquiry).press("Open the request")
    archive_page = client.post(link_mailed_to(DAVES))["Location"]
    with zipfile.ZipFile(io.BytesIO(client.get(f"{archive_page}download/").content)) as archive:
        told = archive.read("data.json").decode()
        files = [archive.read(name) for name in archive.namelist() if name.startswith("files/")]
    for words in ("What would a new site cost?", "From $900. Red or blue?", "Blue, please.", "Send me all my data"):
        assert words in told
    assert PDF in files
    assert {section["what"] for section in json.loads(told)["sections"]} >= {
        "Your messages to us",
        "Our answers to you",
        "Emails you sent us",
        "Files you sent with a message",
    }

    # He has it erased, also by mail.
    clock.shift(timedelta(days=1))
    deliver(written(DAVE, "Delete my data.", subject="My data", In_Reply_To=sent["Message-ID"]))
    form_of(staff, inquiry).press("Open the request")
    client.post(link_mailed_to(DAVES), follow=True)
    for model in (Inquiry, Reply, IncomingMail, Attachment):
        assert not model._base_manager.exists()

    # He is not mailed again: not by what comes later, nor because somebody writes in his name.
    clock.shift(timedelta(hours=1))
    before = len(mailed_to(DAVES))
    deliver(written(DAVE, "I am on holiday.", In_Reply_To=sent["Message-ID"], Auto_Submitted="auto-replied"))
    deliver(written(DAVE, "Are you there?", In_Reply_To=sent["Message-ID"]))
    call_command("housekeeping", stdout=io.StringIO())
    assert Inquiry.objects.count() == 1
    assert len(mailed_to(DAVES)) == before
    assert mailed_to(BUSINESS)
