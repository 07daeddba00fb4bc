"""The admin's list of incoming mail: what could not be filed, why, and what staff do with it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core import mail as django_mail
from django.test import Client
from django.utils import timezone
from django.utils.text import capfirst

from accounts.models import User
from contacts.conversation.merging import merge_inquiry
from contacts.incoming_mail import intake
from contacts.incoming_mail.intake import receive_message
from contacts.incoming_mail.not_filed import NotFiled
from contacts.models import IncomingMail, Inquiry
from privacy.audit.models import AuditEntry
from privacy.erasure.retention import purge_expired
from tests import factories
from tests.staff_pages import Page

from .arriving import DAVE, arriving

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]
State = IncomingMail.State
LIST = "/admin/contacts/incomingmail/"


def receive(raw: bytes) -> IncomingMail:
    mail = receive_message(raw, received_at=timezone.now())
    stored: IncomingMail = IncomingMail.objects.get(pk=mail.pk)
    return stored


def page_of(staff: Client, mail: IncomingMail) -> Page:
    return Page(staff, f"{LIST}{mail.pk}/change/")


def actions() -> set[str]:
    return set(AuditEntry.objects.values_list("action", flat=True))


@pytest.fixture
def held() -> IncomingMail:
    """Held, because it says that we wrote it."""
    return receive(arriving("Nothing to <b>see</b> here", sender="info@ait-pro.com", file=b"\x89PNG"))


@pytest.fixture
def failed(monkeypatch: pytest.MonkeyPatch) -> IncomingMail:
    with monkeypatch.context() as patched:
        patched.setattr(intake, "file_mail", lambda **options: 1 / 0)
        return receive(arriving())


def test_held_mail_is_dated_in_the_business_zone(staff: Client, held: IncomingMail) -> None:
    IncomingMail.objects.update(received_at=datetime(2026, 3, 2, 2, 30, tzinfo=UTC), sender=None, sender_name=None)
    page = page_of(staff, held)
    assert "unknown sender, Mar 1, 2026" in page.text
    assert "Mar 1, 2026, 6:30 PM" in page.text


def test_the_list_shows_what_waits_and_why(staff: Client, held: IncomingMail, failed: IncomingMail) -> None:
    receive(arriving(sender="erin@example.org", message_id="<2@example.org>"))
    page = Page(staff, LIST)
    assert capfirst(NotFiled.OUR_ADDRESS) in page.text
    assert capfirst(NotFiled.PROGRAM) in page.text
    assert "erin@example.org" not in page.html
    assert "erin@example.org" in Page(staff, f"{LIST}?state=all").html
    assert "privacy.staff.listed" in actions()


def test_the_first_page_of_the_admin_counts_them(staff: Client, held: IncomingMail, failed: IncomingMail) -> None:
    assert "2 emails to review" in Page(staff, "/admin/").text


def test_a_mail_is_read_as_text_and_reading_is_recorded(staff: Client, held: IncomingMail) -> None:
    page = page_of(staff, held)
    assert "Nothing to &lt;b&gt;see&lt;/b&gt; here" in page.html
    assert "shop.png" in page.text
    assert "privacy.staff.read" in actions()


def test_the_original_is_downloaded_and_never_shown(staff: Client, held: IncomingMail) -> None:
    assert "original" in page_of(staff, held).html
    response = staff.get(f"{LIST}{held.pk}/original/")
    assert response.content == bytes(held.raw)
    assert b"Nothing to <b>see</b> here" in response.content
    assert response["Content-Disposition"] == 'attachment; filename="original.eml"'
    assert "no-store" in response["Cache-Control"]
    assert response["X-Content-Type-Options"] == "nosniff"
    assert "contacts.incoming_mail.fetched" in actions()


def test_a_filed_mail_has_no_original(staff: Client) -> None:
    mail = receive(arriving())
    assert "not kept" in page_of(staff, mail).text
    assert staff.get(f"{LIST}{mail.pk}/original/").status_code == 404


def test_a_mail_is_filed_under_the_message_with_the_number(staff: Client, held: IncomingMail) -> None:
    inquiry = factories.inquiry(state=Inquiry.State.CLOSED)
    Page(staff, f"{LIST}{held.pk}/file/").submit(reference=f" {inquiry.reference.lower()} ")
    held.refresh_from_db()
    inquiry.refresh_from_db()
    assert (held.state, held.inquiry, held.raw) == (State.FILED, inquiry, None)
    assert inquiry.state == Inquiry.State.OPEN
    assert inquiry.attachments.get().name == "shop.png"
    assert "contacts.incoming_mail.filed" in actions()


def test_a_mail_is_filed_under_the_message_into_which_another_was_merged(
    staff: Client, bob: User, held: IncomingMail
) -> None:
    first, second = factories.inquiry(), factories.inquiry()
    merge_inquiry(inquiry=first, into=second, actor=bob)
    Page(staff, f"{LIST}{held.pk}/file/").submit(reference=first.reference)
    held.refresh_from_db()
    first.refresh_from_db()
    assert (held.inquiry, first.merged_into, first.state) == (second, second, Inquiry.State.CLOSED)


def test_an_unknown_number_is_refused_with_what_was_typed(staff: Client, held: IncomingMail) -> None:
    page = Page(staff, f"{LIST}{held.pk}/file/").submit(reference="Q-NOBODY")
    assert "No message has this number." in page.text
    assert page.field("reference") == "Q-NOBODY"
    assert IncomingMail.objects.get().state == State.HELD


def test_a_failed_mail_becomes_a_message_with_its_original(staff: Client, failed: IncomingMail, work: Any) -> None:
    page = Page(staff, f"{LIST}{failed.pk}/begin/").submit()
    inquiry = Inquiry.objects.get()
    assert page.address == f"/admin/contacts/inquiry/{inquiry.pk}/change/"
    assert inquiry.email == DAVE
    assert inquiry.attachments.get().name == "original.eml"
    work()
    assert [message.to for message in django_mail.outbox if DAVE in message.to] == [[DAVE]]


def test_a_mail_without_a_sender_can_only_be_filed(staff: Client) -> None:
    mail = receive(arriving(sender="nobody"))
    page = page_of(staff, mail)
    assert "File under a message" in page.text
    assert "Make it a new message" not in page.text
    staff.post(f"{LIST}{mail.pk}/begin/")
    assert not Inquiry.objects.exists()


def test_a_failed_mail_is_read_again(staff: Client, failed: IncomingMail) -> None:
    page_of(staff, failed).press("Try again")
    failed.refresh_from_db()
    assert (failed.state, failed.inquiry) == (State.FILED, Inquiry.objects.get())
    assert "contacts.incoming_mail.repeated" in actions()


def test_a_mail_above_the_limit_of_its_sender_is_read_when_staff_say_so(
    staff: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intake, "PER_SENDER", 0)
    mail = receive(arriving())
    assert (mail.state, mail.reason) == (State.HELD, NotFiled.TOO_MANY)
    page_of(staff, mail).press("Try again")
    mail.refresh_from_db()
    assert mail.state == State.FILED


def test_spam_is_kept_without_its_original_and_can_still_be_filed(staff: Client, held: IncomingMail) -> None:
    page_of(staff, held).press("Spam")
    held.refresh_from_db()
    assert (held.state, held.reason, held.raw) == (State.IGNORED, NotFiled.SPAM, None)
    inquiry = factories.inquiry()
    Page(staff, f"{LIST}{held.pk}/file/").submit(reference=inquiry.reference)
    held.refresh_from_db()
    assert (held.state, held.reason) == (State.FILED, "")


def test_two_colleagues_file_a_mail_once(staff: Client, held: IncomingMail) -> None:
    first, second = factories.inquiry(), factories.inquiry("erin@example.org")
    mine, other = (Page(staff, f"{LIST}{held.pk}/file/") for _ in range(2))
    mine.submit(reference=first.reference)
    other.submit(reference=second.reference)
    held.refresh_from_db()
    assert held.inquiry == first


def test_a_mail_in_no_thread_is_found_by_its_sender(staff: Client, failed: IncomingMail) -> None:
    assert str(failed.pk) in Page(staff, f"{LIST}?q={DAVE}").html
    found = staff.post("/admin/search/", {"text": DAVE}, follow=True)
    assert str(failed.pk) in found.content.decode()


def test_what_needs_nobody_leaves_the_list_by_itself(staff: Client, clock: Any, held: IncomingMail) -> None:
    clock.shift(timedelta(days=91))
    purge_expired(now=timezone.now())
    assert not IncomingMail.objects.exists()
