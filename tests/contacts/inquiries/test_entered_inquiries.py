"""Staff enter what reached us by telephone, letter or email: from then on it is a message like any other."""

from __future__ import annotations

from typing import Any

import pytest
import time_machine
from django.core import mail
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from accounts.models import User
from contacts.models import Attachment, Correspondence, Inquiry
from privacy.audit.models import AuditEntry
from privacy.consent.opt_outs import suppress
from privacy.models import PrivacyRequest
from privacy.registry.purposes import Channel
from tests import factories
from tests.contacts.conftest import page_of, press
from tests.staff_pages import Page
from tests.worker import run_due_tasks

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]

NEW = "/admin/contacts/inquiry/add/"
CALL = {
    "channel": "call",
    "received_at_0": "2026-02-27",
    "received_at_1": "09:30",
    "kind": "quote",
    "name": "Dave Dorn",
    "email": "Dave@example.org",
    "phone": "805-651-8516",
    "address": "",
    "project": "A site for a bakery",
    "message": "He asks for a quote, and will be at the bakery until noon.",
}
PDF = b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"


def enter(staff: Client, **changes: Any) -> str:
    return staff.post(NEW, {**CALL, **changes}, follow=True).content.decode()


def test_call_becomes_a_message_with_its_time_and_its_colleague(staff: Client, bob: User) -> None:
    page = enter(staff)
    inquiry = Inquiry.objects.get()
    assert (inquiry.channel, inquiry.kind, inquiry.state) == ("call", "quote", "open")
    assert (inquiry.name, inquiry.email, inquiry.project) == ("Dave Dorn", "Dave@example.org", "A site for a bakery")
    assert str(inquiry.received_at) == "2026-02-27 17:30:00+00:00"  # half past nine in California
    assert str(inquiry.due_at) == "2026-03-04 07:59:59+00:00"  # two business days after the call
    assert inquiry.entered_by == bob
    assert "He asks for a quote" in page
    assert AuditEntry.objects.filter(action="contacts.inquiry.entered", object_id=inquiry.pk).count() == 1


def test_nobody_is_mailed(staff: Client) -> None:
    enter(staff)
    assert Inquiry.objects.exists()
    run_due_tasks()
    assert not mail.outbox


def test_page_says_what_the_person_permits_from_now_on(staff: Client) -> None:
    suppress("dave@example.org", Channel.PHONE)
    page = enter(staff, received_at_0="2026-02-27")
    assert "email: yes; phone: this person opted out of phone calls; letter: no postal address was given" in page


def test_earlier_opt_out_leaves_what_the_person_gives_now(staff: Client, clock: time_machine.Traveller) -> None:
    clock.move_to("2026-02-26T12:00:00Z")
    suppress("dave@example.org")
    clock.move_to("2026-03-02T12:00:00Z")
    assert "email: yes; phone: yes;" in enter(staff)


@pytest.mark.parametrize("channel", ["email", "call", "letter"])
def test_each_way_but_the_form_can_be_entered(staff: Client, channel: str) -> None:
    enter(staff, channel=channel)
    assert Inquiry.objects.get().channel == channel


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"channel": "form"}, "Select a valid choice"),
        ({"channel": "pigeon"}, "Select a valid choice"),
        ({"received_at_0": "2026-03-02", "received_at_1": "04:01"}, "This is in the future."),
        ({"received_at_0": "9999-12-31", "received_at_1": "23:59"}, "between the years 1900 and 9998"),
        ({"received_at_0": "2024-02-01"}, "more than two years ago"),
        ({"received_at_0": "0001-01-01"}, "between the years 1900 and 9998"),
        ({"received_at_0": "2025-03-09", "received_at_1": "02:30"}, "be interpreted in time zone"),
        ({"received_at_0": "yesterday"}, "Enter a valid date"),
        ({"received_at_0": ""}, "This field is required"),
        ({"name": ""}, "This field is required"),
        ({"message": ""}, "This field is required"),
        ({"email": "dave"}, "Enter a valid email address"),
        ({"phone": "12"}, "Enter a valid phone number"),
        ({"message": "a\x07"}, "control character"),
    ],
)
def test_invalid_entry_is_explained_and_keeps_what_was_typed(
    staff: Client, changes: dict[str, str], message: str
) -> None:
    page = enter(staff, **changes)
    assert message in page
    assert "A site for a bakery" in page
    assert not Inquiry.objects.exists()


def test_entry_sent_twice_is_stored_once(staff: Client) -> None:
    page = Page(staff, NEW)
    first = page.submit(**CALL)
    again = page.submit(**CALL)
    assert first.address == again.address
    assert Inquiry.objects.count() == 1


def test_scans_of_a_letter_are_stored_sealed_with_it(staff: Client) -> None:
    letter = {"channel": "letter", "email": "", "phone": "", "address": "1 Main Street\nVentura"}
    page = enter(staff, **letter, scans=[SimpleUploadedFile("Letter of Dave.pdf", PDF)])
    scan = Attachment.objects.get()
    assert (scan.name, scan.content_type, bytes(scan.content)) == ("Letter of Dave.pdf", "application/pdf", PDF)
    assert f'href="/admin/contacts/inquiry/attachment/{scan.pk}/"' in page


def test_scan_that_is_something_else_is_refused(staff: Client) -> None:
    page = enter(staff, scans=[SimpleUploadedFile("letter.pdf", b"MZ program")])
    assert "content doesn&#x27;t match its name" in page
    assert not Inquiry.objects.exists()


def test_complaint_by_letter_starts_its_legal_deadline_with_its_receipt_and_counts_once(
    staff: Client, bob: User
) -> None:
    enter(staff, kind="complaint", channel="letter", email="", address="1 Main Street", project="")
    inquiry, request = Inquiry.objects.get(), PrivacyRequest.objects.get()
    assert inquiry.privacy_request == request
    assert (request.kind, request.channel, request.state) == ("complaint", "letter", "confirmed")
    assert (request.received_at, request.handled_by) == (inquiry.received_at, bob)
    assert str(request.due_at) == "2026-04-14 06:59:59+00:00"  # 45 days after 27 February
    assert request.contact == "Dave Dorn\n805-651-8516\n1 Main Street"
    today = Page(staff, "/admin/").text
    assert "1 privacy request to answer" in today
    assert "message to answer" not in today


def test_message_without_an_address_is_answered_by_letter_or_call(staff: Client) -> None:
    page = enter(staff, channel="letter", email="", phone="", address="1 Main Street")
    inquiry = Inquiry.objects.get()
    assert inquiry.email is None
    assert "No email address was given" in page
    assert 'name="_send"' not in page
    refused = staff.post(page_of(inquiry), {"answer": "Hello Dave, gladly.", "_send": ""}, follow=True)
    assert "no email address was given with this message" in refused.content.decode()
    letter = {"way": "letter_out", "purpose": "quote", "happened_at": "2026-03-02 03:00", "notes": "Our quote."}
    assert "Logged." in press(staff, inquiry, "log", **letter, answers="on")
    assert inquiry.state == "answered"


def test_messages_without_an_address_have_nothing_in_common(staff: Client) -> None:
    for name, phone in (("Dave Dorn", "805-651-8516"), ("Erin Egg", "805-555-0142")):
        enter(staff, name=name, email="", phone=phone, message=f"{name} called.")
    dave = next(each for each in Inquiry.objects.all() if each.name == "Dave Dorn")
    for address in (page_of(dave), page_of(dave, "history")):
        page = staff.get(address).content.decode()
        assert "Dave Dorn called." in page
        assert "Erin Egg" not in page


@pytest.mark.parametrize("text", ["+1 805 651 8516", "1 main street", "Dorn"])
def test_message_without_an_address_is_found_by_number_street_and_name(staff: Client, text: str) -> None:
    enter(staff, email="", address="1 Main Street\nVentura")
    reference = Inquiry.objects.get().reference
    assert reference in staff.post("/admin/search/", {"text": text}, follow=True).content.decode()
    assert reference in staff.get("/admin/contacts/inquiry/", {"q": text}).content.decode()


def test_person_without_an_address_has_a_page_with_whoever_shares_the_number(staff: Client) -> None:
    enter(staff, email="", address="1 Main Street")
    dave, other = Inquiry.objects.get(), factories.inquiry("erin@example.org", phone="805-651-8516")
    page = Page(staff, f"/admin/people/contacts.inquiry/{dave.pk}/").text
    assert dave.reference in page
    assert "erased" not in page
    assert "Letter, for preparing a quote" in page
    assert other.reference in page
    assert dave.reference in Page(staff, f"/admin/people/contacts.inquiry/{other.pk}/").text


def test_letter_to_a_message_that_we_have_is_logged_with_its_scan(staff: Client, inquiry: Inquiry) -> None:
    entry = {"way": "letter_in", "purpose": "answer_inquiry", "happened_at": "2026-03-02 03:00", "notes": "Signed."}
    page = press(staff, inquiry, "log", **entry, scans=[SimpleUploadedFile("Signed.pdf", PDF)])
    assert "Logged." in page
    scan = Attachment.objects.get()
    assert (scan.inquiry, scan.correspondence) == (inquiry, Correspondence.objects.get())
    assert "Signed.pdf" in page


def test_entering_requires_the_permission(client: Client, vera: User) -> None:
    client.force_login(vera)
    assert client.get(NEW).status_code == 403
    assert client.post(NEW, CALL).status_code == 403
    assert not Inquiry.objects.exists()


def test_inbox_leads_to_the_page(staff: Client) -> None:
    assert f'href="{NEW}"' in staff.get("/admin/contacts/inquiry/").content.decode()
    assert Page(staff, NEW).soup.select_one("h1").get_text(strip=True) == "New inquiry"  # type: ignore[union-attr]
