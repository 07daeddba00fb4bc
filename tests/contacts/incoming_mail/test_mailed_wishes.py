"""An email that asks for a privacy right waits for a colleague, who opens the request with one button."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import Permission
from django.core import mail as sent
from django.test import Client
from django.utils import timezone

from accounts.models import User
from contacts.incoming_mail import intake
from contacts.incoming_mail.intake import receive_message
from contacts.models import IncomingMail, Inquiry
from privacy.audit.models import AuditEntry
from privacy.consent.opt_outs import is_opted_out
from privacy.models import PrivacyRequest
from privacy.registry.purposes import Channel
from tests import factories
from tests.cast import signed_in
from tests.contacts.conftest import page_of
from tests.privacy.inbox import link_mailed_to
from tests.staff_pages import Page
from tests.worker import run_due_tasks

from .arriving import arriving

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]

ERIN = "erin@example.org"


def asked(wish: str, inquiry: Inquiry | None = None, sender: str = ERIN, **fields: Any) -> IncomingMail:
    """An email that was received on 27 February, and recognized; it starts its conversation unless one is given."""
    received_at = datetime(2026, 2, 27, 17, 30, tzinfo=UTC)
    starts = inquiry is None
    inquiry = inquiry or factories.inquiry(
        sender, channel="email", message="Please see to it.\nErin", received_at=received_at
    )
    text = {} if starts else {"text": "Please see to it."}
    values = {"sender": sender, "wish": wish, "received_at": received_at, "state": "filed", "size": 100, **text}
    number = str(IncomingMail.objects.count())
    made: IncomingMail = IncomingMail.objects.create(
        inquiry=inquiry, starts_inquiry=starts, content_digest=number.zfill(64), **{**values, **fields}
    )
    return made


def thread(mail: IncomingMail) -> Inquiry:
    assert mail.inquiry is not None
    inquiry: Inquiry = mail.inquiry
    return inquiry


def opened(staff: Client, mail: IncomingMail, button: str = "Open the request") -> str:
    return Page(staff, page_of(thread(mail))).press(button).text


def confirm(client: Client, address: str = ERIN) -> str:
    run_due_tasks()
    return client.post(link_mailed_to(address), follow=True).content.decode()


def test_wish_is_shown_with_the_deadlines_of_the_law_and_nothing_happens_by_itself(staff: Client) -> None:
    mail = asked("access")
    page = Page(staff, page_of(thread(mail))).text
    assert "Asked by email: Send me all my data" in page
    assert "acknowledge by Mar 13, 2026, answer by Apr 13, 2026" in page
    assert "Send me all my data" in Page(staff, "/admin/contacts/inquiry/?queue=wishes").text
    run_due_tasks()
    assert not PrivacyRequest.objects.exists()
    assert not sent.outbox


def test_one_button_opens_the_request_with_the_time_of_the_mails_receipt(staff: Client, bob: User) -> None:
    mail = asked("access")
    page = opened(staff, mail)
    request = PrivacyRequest.objects.get()
    assert (request.kind, request.channel, request.state, request.email) == ("access", "email", "confirmed", ERIN)
    assert (request.received_at, request.handled_by) == (mail.received_at, bob)
    assert str(request.due_at) == "2026-04-14 06:59:59+00:00"  # the end of 13 April in California
    assert (request.confirmed_at, request.identity, request.acknowledged_at) == (None, "", None)
    assert f"Request {request.reference} is open" in page
    assert "Asked by email" not in page
    assert AuditEntry.objects.filter(action="contacts.wish.opened", object_id=mail.pk).count() == 1


def test_link_proves_the_address_and_the_archive_is_ready(staff: Client, client: Client) -> None:
    opened(staff, asked("access"))
    assert "Your archive is ready" in confirm(client)
    request = PrivacyRequest.objects.get()
    assert (request.state, request.identity) == ("answered", "link")
    assert request.acknowledged_at == timezone.now()


def test_link_goes_to_the_stored_address_and_not_to_the_spelling_of_the_mail(staff: Client) -> None:
    factories.inquiry("Erin@example.org")
    opened(staff, asked("access", sender="ERIN@EXAMPLE.ORG"))
    run_due_tasks()
    assert [message.to for message in sent.outbox] == [["Erin@example.org"]]


def test_deletion_happens_only_by_the_link(staff: Client, client: Client) -> None:
    mail = asked("deletion")
    opened(staff, mail)
    run_due_tasks()
    assert Inquiry.objects.filter(pk=thread(mail).pk).exists()
    assert "Your data is deleted" in confirm(client)
    assert not Inquiry.objects.exists()
    assert not IncomingMail.objects.exists()


def test_wish_to_stop_contact_is_carried_out_by_the_link(staff: Client, client: Client) -> None:
    opened(staff, asked("stop_contact"))
    assert not is_opted_out(ERIN, Channel.EMAIL)
    confirm(client)
    assert is_opted_out(ERIN, Channel.EMAIL)


def test_request_without_a_confirmation_stays_open_with_its_deadline(
    staff: Client, client: Client, clock: time_machine.Traveller
) -> None:
    opened(staff, asked("access"))
    run_due_tasks()
    request = PrivacyRequest.objects.get()
    address = f"/admin/privacy/privacyrequest/{request.pk}/change/"
    assert "Wait: the person can confirm the request with the link that was mailed." in Page(staff, address).text
    clock.move_to("2026-03-12T12:00:00Z")
    assert client.get(link_mailed_to(ERIN)).status_code == 410
    assert "Enter below how you verified the person's identity" in Page(staff, address).text
    assert "1 privacy request to answer" in Page(staff, "/admin/").text


def test_button_pressed_twice_opens_one_request(staff: Client) -> None:
    page = Page(staff, page_of(thread(asked("access"))))
    page.press("Open the request")
    page.press("Open the request")
    assert PrivacyRequest.objects.count() == 1


def test_of_two_colleagues_one_opens_it(staff: Client, grace: User) -> None:
    mail = asked("access")
    pages = [Page(staff, page_of(thread(mail))), Page(signed_in(grace), page_of(thread(mail)))]
    said = [page.press("Open the request").text for page in pages]
    assert "is open" in said[0]
    assert "is open" not in said[1]
    assert PrivacyRequest.objects.count() == 1


def test_wish_that_is_none_is_dismissed_and_the_message_stays(staff: Client) -> None:
    mail = asked("stop_contact")
    assert "this email asks for no privacy right" in opened(staff, mail, "It asks for no such thing")
    assert not PrivacyRequest.objects.exists()
    assert thread(mail).state == "open"
    today = Page(staff, "/admin/").text
    assert "1 message to answer" in today
    assert "asks for a privacy right" not in today


@pytest.mark.parametrize("key", ["", "x", "00000000-0000-0000-0000-000000000000"])
def test_made_up_key_opens_nothing(staff: Client, key: str) -> None:
    mail = asked("access")
    page = staff.post(page_of(thread(mail)), {"_open_request": key}, follow=True)
    assert page.status_code == 200
    assert "This was settled already" in page.content.decode()
    assert not PrivacyRequest.objects.exists()


def test_wish_of_another_conversation_is_not_opened_here(staff: Client) -> None:
    mail, other = asked("access"), factories.inquiry("frank@example.org")
    staff.post(page_of(other), {"_open_request": str(mail.pk)})
    assert not PrivacyRequest.objects.exists()


def test_typed_answer_is_kept(staff: Client) -> None:
    mail = asked("access")
    Page(staff, page_of(thread(mail))).press("Open the request", answer="Hello Erin, you will hear from us.")
    assert "you will hear from us" in Page(staff, page_of(thread(mail))).html


def test_wish_of_somebody_else_in_the_conversation_belongs_to_the_sender(staff: Client) -> None:
    inquiry = factories.inquiry("dave@example.org")
    opened(staff, asked("access", inquiry, sender="mallory@example.com"))
    run_due_tasks()
    assert PrivacyRequest.objects.get().email == "mallory@example.com"
    assert [message.to for message in sent.outbox] == [["mallory@example.com"]]


def test_today_counts_a_wish_once_with_the_date_of_its_acknowledgment(
    staff: Client, clock: time_machine.Traveller
) -> None:
    asked("complaint")
    today = Page(staff, "/admin/").text
    assert "1 email that asks for a privacy right" in today
    assert "acknowledge by March 13" in today
    assert "message to answer" not in today
    clock.move_to("2026-03-14T12:00:00Z")
    assert "Needs attention, waiting 2 weeks, acknowledge by March 13" in Page(staff, "/admin/").text


def test_complaint_counts_once_and_its_answer_answers_the_request(staff: Client) -> None:
    mail = asked("complaint")
    opened(staff, mail)
    request = PrivacyRequest.objects.get()
    assert request.details == "Please see to it.\nErin"
    inquiry = Inquiry.objects.get()
    assert (inquiry.kind, inquiry.privacy_request) == ("complaint", request)
    today = Page(staff, "/admin/").text
    assert "1 privacy request to answer" in today
    assert "message to answer" not in today
    assert "asks for a privacy right" not in today
    Page(staff, page_of(inquiry)).press("Send", answer="Hello Erin, we have looked into it.")
    request.refresh_from_db()
    assert request.state == "answered"


def test_second_complaint_in_a_conversation_belongs_to_the_first(staff: Client) -> None:
    first = asked("complaint")
    opened(staff, first)
    second = asked("complaint", thread(first))
    opened(staff, second)
    request = PrivacyRequest.objects.get()
    assert set(request.incoming_mails.all()) == {first, second}


@pytest.mark.parametrize("wish", ["access", "deletion", "stop_contact"])
def test_same_wish_again_leads_to_the_request_that_is_open(staff: Client, wish: str) -> None:
    first, second = asked(wish), asked(wish)
    opened(staff, first)
    page = opened(staff, second)
    request = PrivacyRequest.objects.get()
    assert f"Request {request.reference} is open" in page
    assert set(request.incoming_mails.all()) == {first, second}
    run_due_tasks()
    assert [message.to for message in sent.outbox] == [[ERIN]]


def test_same_wish_again_brings_another_link_if_the_first_has_expired(
    staff: Client, client: Client, clock: time_machine.Traveller
) -> None:
    opened(staff, asked("access"))
    run_due_tasks()
    clock.move_to("2026-03-12T12:00:00Z")
    assert client.get(link_mailed_to(ERIN)).status_code == 410
    opened(staff, asked("access"))
    assert "Your archive is ready" in confirm(client)


def test_another_wish_address_or_correction_is_another_request(staff: Client) -> None:
    for mail in (
        asked("access"),
        asked("deletion"),
        asked("access", sender="frank@example.org"),
        asked("correction"),
        asked("correction"),
    ):
        opened(staff, mail)
    assert PrivacyRequest.objects.count() == 5


def test_wish_received_before_the_open_request_keeps_its_earlier_deadline(staff: Client) -> None:
    opened(staff, asked("access"))
    earlier = asked("access", received_at=datetime(2026, 2, 20, 17, 30, tzinfo=UTC))
    opened(staff, earlier)
    earlier.refresh_from_db()
    assert earlier.privacy_request is not None
    assert earlier.privacy_request.received_at == earlier.received_at


def test_complaint_about_a_quote_leaves_the_quotes_purpose(staff: Client) -> None:
    inquiry = factories.inquiry(ERIN, kind="quote")
    opened(staff, asked("complaint", inquiry))
    inquiry.refresh_from_db()
    assert (inquiry.kind, inquiry.privacy_request) == ("quote", PrivacyRequest.objects.get())


def test_spam_and_expired_mail_asks_for_nothing(staff: Client, clock: time_machine.Traveller) -> None:
    mail = asked("access")
    assert "asks for a privacy right" in Page(staff, "/admin/").text
    Inquiry.objects.update(state="spam")
    assert "asks for a privacy right" not in Page(staff, "/admin/").text
    assert "Asked by email" not in Page(staff, page_of(thread(mail))).text
    Inquiry.objects.update(state="open")
    IncomingMail.objects.update(keep_until=timezone.now())
    assert "asks for a privacy right" not in Page(staff, "/admin/").text


def test_received_mail_is_marked_and_opened(staff: Client) -> None:
    raw = arriving("Please send me a copy of my data.", sender="Erin <erin@example.org>", subject="My data")
    mail = receive_message(raw, received_at=timezone.now())
    assert "Request" in opened(staff, IncomingMail.objects.get(pk=mail.pk))
    request = PrivacyRequest.objects.get()
    assert (request.kind, request.email, request.received_at) == ("access", ERIN, timezone.now())


def test_answer_that_quotes_a_wish_is_not_marked() -> None:
    quoted = "Thank you!\n\nOn Mon, 2 Mar 2026 at 10:00, AITpro wrote:\n> Delete my data\n"
    mail = receive_message(arriving(quoted, subject="Re: Delete my data"), received_at=timezone.now())
    assert IncomingMail.objects.get(pk=mail.pk).wish == ""


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> IncomingMail:
    """Above the limit of its sender, so it is in no conversation."""
    monkeypatch.setattr(intake, "PER_SENDER", 0)
    raw = arriving("Delete my data", sender=ERIN)
    mail = receive_message(raw, received_at=timezone.now())
    stored: IncomingMail = IncomingMail.objects.get(pk=mail.pk)
    return stored


def test_wish_in_a_held_mail_waits_with_its_deadline_and_is_opened_there(staff: Client, held: IncomingMail) -> None:
    assert (held.state, held.wish) == ("held", "deletion")
    assert "1 asks for a privacy right, acknowledge by March 16" in Page(staff, "/admin/").text
    assert "Delete my data; acknowledge by Mar 16, 2026" in Page(staff, "/admin/contacts/incomingmail/").text
    address = f"/admin/contacts/incomingmail/{held.pk}/change/"
    page = Page(staff, address).press("Open the request")
    request = PrivacyRequest.objects.get()
    assert f"Request {request.reference} is open" in page.text
    assert f'<a href="/admin/privacy/privacyrequest/{request.pk}/change/">' in Page(staff, address).html
    assert (request.kind, request.email) == ("deletion", ERIN)
    assert "privacy right" not in Page(staff, "/admin/").text


def test_wish_in_a_held_mail_is_dismissed_there(staff: Client, held: IncomingMail) -> None:
    address = f"/admin/contacts/incomingmail/{held.pk}/change/"
    assert "asks for no privacy right" in Page(staff, address).press("It asks for no such thing").text
    assert not PrivacyRequest.objects.exists()


def test_requests_of_the_mails_are_linked_from_the_conversation(staff: Client) -> None:
    mail = asked("deletion")
    opened(staff, mail)
    request = PrivacyRequest.objects.get()
    link = f'<a href="/admin/privacy/privacyrequest/{request.pk}/change/">Delete my data, {request.reference}</a>'
    assert link in Page(staff, page_of(thread(mail))).html


def test_request_is_named_to_those_who_may_not_open_it(staff: Client, client: Client, vera: User) -> None:
    mail = asked("deletion")
    opened(staff, mail)
    request = PrivacyRequest.objects.get()
    vera.user_permissions.set(Permission.objects.filter(codename__in=["view_inquiry", "change_inquiry"]))
    client.force_login(vera)
    page = Page(client, page_of(thread(mail)))
    assert f"Delete my data, {request.reference}" in page.text
    assert str(request.pk) not in page.html


def test_opening_requires_the_permission_to_record_requests(client: Client, vera: User) -> None:
    vera.user_permissions.set(Permission.objects.filter(codename__in=["view_inquiry", "change_inquiry"]))
    client.force_login(vera)
    mail = asked("access")
    page = Page(client, page_of(thread(mail)))
    assert "A colleague who may record privacy requests has to open it." in page.text
    assert client.post(page_of(thread(mail)), {"_open_request": str(mail.pk)}).status_code == 403
    assert not PrivacyRequest.objects.exists()
