"""Where a mail belongs: the inquiry that it answers, a new one, or the held mails; and who gets an answer."""

from __future__ import annotations

import io
import json
import zipfile
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from contacts.incoming_mail.filing import OTHERS_A_DAY, TOLD_AN_HOUR
from contacts.incoming_mail.intake import receive_message
from contacts.incoming_mail.wish_requests import waiting_wishes
from contacts.models import Attachment, IncomingMail, Inquiry
from privacy.audit.models import AuditEntry
from privacy.consent.opt_outs import suppress
from privacy.erasure.erase import erase_person
from privacy.erasure.retention import purge_expired
from privacy.mail.sending import queue_mail
from privacy.models import PrivacyRequest, UndeliverableAddress
from privacy.registry.purposes import Channel
from privacy.requests.archive import build_archive
from shop.mails import RECEIPT
from shop.models import Order, Product
from tests import factories
from tests.contacts.conftest import form_of, page_of, send
from tests.contacts.incoming_mail.letters import BUSINESS, DAVE, EVE, PDF, answer, arrives, mailed_to, write, written
from tests.privacy.inbox import link_mailed_to
from tests.staff_pages import Page

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
DAVES, EVES = "dave@example.org", "eve@example.net"


@pytest.fixture
def answered(staff: Client, inquiry: Inquiry) -> Any:
    """Our answer to Dave's question, as it was sent."""
    send(staff, inquiry, "Red or blue?")
    [sent] = mailed_to(DAVES)
    return sent


# --- New inquiries ----------------------------------------------------------------------------------------------------


def test_mail_begins_an_inquiry_that_is_confirmed(clock: time_machine.Traveller) -> None:
    mail = write(DAVE)
    inquiry = Inquiry.objects.get()
    assert (mail.inquiry, mail.state, mail.starts_inquiry, mail.raw) == (inquiry, "filed", True, None)
    assert (inquiry.channel, inquiry.kind, inquiry.state) == ("email", "question", "open")
    assert (inquiry.name, inquiry.email) == ("Dave Dorn", DAVES)
    assert inquiry.message.split("\n\n") == ["Our site", "What would a new site cost?"]
    assert str(inquiry.due_at) == "2026-03-05 07:59:59+00:00"
    [confirmation] = mailed_to(DAVES)
    assert inquiry.reference in confirmation.subject
    assert "you wrote to us by email" in confirmation.body
    assert "new site" not in str(confirmation.message())
    assert len(mailed_to(BUSINESS)) == 1
    assert AuditEntry.objects.filter(action="contacts.incoming_mail.filed", object_id=mail.pk).count() == 1


def test_the_same_mail_is_filed_once() -> None:
    raw = written(DAVE, "Hello?", plan=PDF)
    assert arrives(raw).inquiry == arrives(raw).inquiry
    assert (Inquiry.objects.count(), Attachment.objects.count()) == (1, 1)
    assert len(mailed_to(DAVES)) == 1


def test_mail_without_text_and_name_begins_an_inquiry(staff: Client) -> None:
    write("dave@example.org", "", subject="")
    inquiry = Inquiry.objects.get()
    assert (inquiry.name, inquiry.message) == ("dave@example.org", "(The email has no text.)")
    assert form_of(staff, inquiry).field("answer").startswith("Hello,\n")


def test_only_three_mails_a_day_are_confirmed_to_one_address() -> None:
    for number in range(5):
        write(DAVE, f"Question {number}")
    assert Inquiry.objects.count() == 5
    assert len(mailed_to(DAVES)) == 3


def test_mail_of_an_old_mailbox_is_not_confirmed(clock: time_machine.Traveller) -> None:
    long_ago = timezone.now() - timedelta(days=3)
    receive_message(written(DAVE, "What would a new site cost?"), received_at=long_ago)
    assert Inquiry.objects.get().state == "open"
    assert mailed_to(DAVES) == []


def test_mail_with_many_links_is_held_without_a_confirmation() -> None:
    write(EVE, "http://a.example " * 12)
    assert Inquiry.objects.get().state == "held"
    assert mailed_to(EVES) == []


def test_somebody_who_was_answered_may_send_links(answered: Any) -> None:
    write(DAVE, "http://a.example " * 12)
    assert set(Inquiry.objects.values_list("state", flat=True)) == {"answered", "open"}


def test_further_mail_of_a_spammer_is_held() -> None:
    factories.inquiry(EVES, state="spam")
    write(EVE)
    assert Inquiry.objects.filter(state="held").count() == 1
    assert mailed_to(EVES) == []


def test_somebody_who_opted_out_and_writes_again_gets_an_answer_and_no_confirmation(staff: Client) -> None:
    suppress(DAVES)
    timezone_moves = timezone.now() + timedelta(hours=1)
    with time_machine.travel(timezone_moves, tick=False):
        write(DAVE)
        assert mailed_to(DAVES) == []
        assert "has been sent" in send(staff, Inquiry.objects.get(), "From $900.")
        assert len(mailed_to(DAVES)) == 1


def test_mail_of_a_program_that_answers_nothing_is_held() -> None:
    mail = write(EVE, "Your invoice is ready.", Auto_Submitted="auto-generated")
    assert (mail.state, mail.inquiry) == ("held", None)
    assert "program" in mail.reason
    assert not Inquiry.objects.exists()
    assert mailed_to(EVES) == []


# --- Answers ----------------------------------------------------------------------------------------------------------


def test_answer_reopens_its_inquiry(answered: Any, inquiry: Inquiry, clock: time_machine.Traveller) -> None:
    assert inquiry.state == "answered"
    clock.shift(timedelta(days=10))
    mail = answer(answered, "DAVE@Example.org", subject="another subject")
    inquiry.refresh_from_db()
    assert (mail.inquiry, mail.answers is None, mail.starts_inquiry) == (inquiry, False, False)
    assert (mail.text, "Red or blue?" in mail.quoted) == ("Blue, please.", True)
    assert (inquiry.state, inquiry.answered_at, inquiry.opened_at) == ("open", None, None)
    assert inquiry.due_at and inquiry.due_at > timezone.now()
    assert inquiry.keep_until == mail.keep_until == timezone.now() + timedelta(days=730)
    assert len(mailed_to(DAVES)) == 1  # the answer; nothing is confirmed again
    assert Inquiry.objects.count() == 1


def test_answer_to_a_merged_inquiry_goes_to_the_one_that_is_left(
    answered: Any, staff: Client, inquiry: Inquiry
) -> None:
    other = factories.inquiry()
    send(staff, inquiry, "", "_merge", merge_into=str(other.pk))
    assert answer(answered, DAVE).inquiry == other
    inquiry.refresh_from_db()
    assert (inquiry.state, inquiry.merged_into) == ("closed", other)


def test_answer_to_an_expired_inquiry_begins_a_new_one(answered: Any, inquiry: Inquiry) -> None:
    Inquiry.objects.update(keep_until=NOON)
    mail = answer(answered, DAVE)
    assert mail.inquiry not in (None, inquiry)


def test_answer_to_a_thread_marked_as_spam_is_held_for_review(answered: Any, inquiry: Inquiry) -> None:
    Inquiry.objects.update(state="spam")
    answer(answered, DAVE)
    inquiry.refresh_from_db()
    assert inquiry.state == "held"
    assert len(mailed_to(DAVES)) == 1


def test_automatic_reply_is_filed_and_reopens_nothing(answered: Any, staff: Client, inquiry: Inquiry) -> None:
    mail = answer(answered, DAVE, "I am on holiday.", Auto_Submitted="auto-replied")
    inquiry.refresh_from_db()
    assert (mail.inquiry, mail.is_automatic, inquiry.state) == (inquiry, True, "answered")
    assert "I am on holiday." in form_of(staff, inquiry).text


def test_number_in_the_subject_leads_to_an_inquiry_of_the_same_sender_alone(inquiry: Inquiry) -> None:
    assert write(EVE, subject=f"Re: {inquiry.reference}").inquiry != inquiry
    assert write(DAVE, subject=f"Re: {inquiry.reference}").inquiry == inquiry


def test_answer_to_their_own_mail_follows_it() -> None:
    first = write(DAVE, Message_ID="<first@mail.example.org>")
    assert write(DAVE, "One more thing.", References="<first@mail.example.org>").inquiry == first.inquiry
    assert write(EVE, "Me too.", References="<first@mail.example.org>").inquiry != first.inquiry


def test_forged_id_leads_nowhere(answered: Any, inquiry: Inquiry) -> None:
    genuine = answered.message()["Message-ID"]
    changed = genuine.replace(genuine[5], "a" if genuine[5] != "a" else "b")
    assert write(DAVE, In_Reply_To=genuine).inquiry == inquiry
    assert write(EVE, In_Reply_To=changed).inquiry != inquiry


def returned(sent: Any) -> bytes:
    """As a mail server, or whoever has seen the mail, writes that it could not be delivered."""
    return (
        "From: MAILER-DAEMON@mx.example.net\nTo: info@ait-pro.com\nSubject: Undelivered Mail Returned to Sender\n"
        'MIME-Version: 1.0\nContent-Type: multipart/report; report-type=delivery-status; boundary="B"\n\n'
        "--B\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example.net\n\n"
        "Final-Recipient: rfc822; dave@example.org\nAction: failed\nStatus: 5.1.1\n\n"
        f"--B\nContent-Type: text/rfc822-headers\n\nMessage-ID: {sent.message()['Message-ID']}\n\n--B--\n"
    ).encode()


def test_answer_takes_back_the_notification_that_the_mail_did_not_arrive(
    answered: Any, staff: Client, inquiry: Inquiry
) -> None:
    assert arrives(returned(answered)).state == "ignored"
    answer(answered, EVE, "I see everything.")
    answer(answered, DAVE, "I am away.", Auto_Submitted="auto-replied")
    assert "undeliverable since March 2, 2026" in send(staff, inquiry, "Blue it is.")
    answer(answered, "DAVE@example.org")
    assert AuditEntry.objects.filter(action="privacy.undeliverable.answered").count() == 1
    assert "has been sent" in send(staff, inquiry, "Blue it is.")
    assert len(mailed_to(DAVES)) == 2


def test_mail_that_was_answered_can_not_come_back(answered: Any, staff: Client, inquiry: Inquiry) -> None:
    answer(answered, DAVE)
    arrives(returned(answered))
    assert not UndeliverableAddress.objects.exists()
    assert "has been sent" in send(staff, inquiry, "Blue it is.")


# --- Somebody else ----------------------------------------------------------------------------------------------------


def test_mail_from_another_address_is_shown_as_someone_elses_and_gets_nothing(
    answered: Any, staff: Client, inquiry: Inquiry
) -> None:
    assert answer(answered, EVE, "Make it green.").inquiry == inquiry
    assert mailed_to(EVES) == []
    page = form_of(staff, inquiry)
    assert "Make it green." in page.text
    assert "Someone else wrote this: eve@example.net" in page.text
    assert "green" not in page.field("answer")
    assert "> Hello?" in page.field("answer")
    send(staff, inquiry, "As you wish.")
    assert mailed_to(EVES) == []
    assert len(mailed_to(DAVES)) == 2


def test_flood_of_others_in_a_thread_is_held_and_its_owner_is_not(answered: Any, inquiry: Inquiry) -> None:
    for number in range(OTHERS_A_DAY):
        assert answer(answered, f"Eve <eve{number}@example.net>").inquiry == inquiry
    held = answer(answered, "Eve <one-more@example.net>", "Green!")
    assert (held.state, held.inquiry, held.text) == ("held", None, "Green!")
    assert "others" in held.reason
    assert answer(answered, DAVE, "Blue.").inquiry == inquiry


def test_flood_of_strangers_leaves_the_news_of_an_answered_person(answered: Any) -> None:
    for number in range(TOLD_AN_HOUR + 1):
        write(f"Eve <eve{number}@example.net>")
    told = len(mailed_to(BUSINESS))
    write(EVE)
    assert len(mailed_to(BUSINESS)) == told
    answer(answered, DAVE)
    assert len(mailed_to(BUSINESS)) == told + 1


def test_name_that_passes_for_an_address_is_not_shown() -> None:
    mail = write('"dave@example.org" <eve@example.net>')
    assert mail.sender_name == ""
    assert Inquiry.objects.get().name == "eve@example.net"


def test_mail_from_another_address_does_not_keep_the_thread_longer(answered: Any, inquiry: Inquiry) -> None:
    before = inquiry.keep_until
    with time_machine.travel(NOON + timedelta(days=9), tick=False):
        answer(answered, EVE)
    inquiry.refresh_from_db()
    assert inquiry.keep_until == before


def test_archive_of_the_sender_has_what_someone_else_wrote_and_not_who(answered: Any) -> None:
    answer(answered, EVE, "Make it green.", subject="access", plan=PDF)
    answer(answered, DAVE, "Make it blue.", plan=PDF)
    sections = archived(DAVES)
    [own] = sections["Emails you sent us"]["rows"]
    assert (own["what you wrote"], own["email address"]) == ("Make it blue.", DAVES)
    [file] = sections["Files you sent with a message"]["rows"]
    others = sections["Emails that others wrote in your conversations with us"]
    [row] = others["rows"]
    assert (row["what you wrote"], row["subject"]) == ("Make it green.", "access")
    assert EVES not in str(sections)
    assert "Send me all my data" not in str(sections)
    [row] = archived(EVES)["Emails you sent us"]["rows"]
    assert (row["what you wrote"], row["email address"]) == ("Make it green.", EVES)
    assert [*archived(EVES)] == ["Emails you sent us", "Files you sent with a message"]


@pytest.mark.parametrize(("erased", "left"), [(EVES, DAVES), (DAVES, EVES)])
def test_erasure_deletes_the_mails_of_the_person_and_nobody_elses(answered: Any, erased: str, left: str) -> None:
    answer(answered, EVE, "Make it green.", plan=PDF)
    answer(answered, DAVE, "Make it blue.", plan=PDF)
    assert IncomingMail._base_manager.count() == Attachment._base_manager.count() == 2
    erase_person(email=erased)
    assert [mail.sender for mail in IncomingMail._base_manager.all()] == [left]
    assert [file.incoming_mail.sender for file in Attachment.objects.all()] == [left]


def test_wish_in_somebody_elses_thread_outlives_the_thread(
    answered: Any, staff: Client, client: Client, inquiry: Inquiry
) -> None:
    letter = written(EVE, "", subject="Delete my data", In_Reply_To=answered.message()["Message-ID"])
    page = "<p>Please.</p><blockquote type=cite><p>Red or blue?</p></blockquote>"
    raw = letter.replace(b"text/plain", b"text/html") + page.encode()
    mail = arrives(raw)
    assert (mail.inquiry, mail.wish, "Red or blue?" in mail.quoted) == (inquiry, "deletion", True)
    assert "1 email that asks for a privacy right" in Page(staff, "/admin/").text
    assert Attachment.objects.filter(incoming_mail=mail).count() == 1
    client.post("/privacy/request/", {"email": DAVES, "kind": "deletion"})
    client.post(link_mailed_to(DAVES))
    assert not Inquiry.objects.exists()
    mail.refresh_from_db()
    assert (mail.inquiry, mail.state, mail.reason) == (
        None,
        "held",
        "the conversation in which it was filed has been deleted",
    )
    assert (mail.text, mail.quoted, mail.answers, mail.about_model, mail.about_id) == ("Please.", None, None, "", None)
    assert not any("Red or blue?" in bytes(file.content).decode() for file in Attachment._base_manager.all())
    assert mail.keep_until == timezone.now() + timedelta(days=90)
    assert "1 asks for a privacy right" in Page(staff, "/admin/").text
    assert arrives(raw) == mail
    Page(staff, f"/admin/contacts/incomingmail/{mail.pk}/change/").press("Open the request")
    [request] = PrivacyRequest.objects.of_address(EVES)
    assert (request.kind, request.received_at) == ("deletion", mail.received_at)


def test_wish_in_a_thread_that_ends_tomorrow_outlives_it(answered: Any, inquiry: Inquiry) -> None:
    end = inquiry.received_at + timedelta(days=730)
    with time_machine.travel(end - timedelta(days=1), tick=False):
        mail = answer(answered, EVE, "Please.", subject="Delete my data")
        assert mail.inquiry == inquiry
    with time_machine.travel(end + timedelta(days=1), tick=False):
        purge_expired(now=timezone.now())
        mail.refresh_from_db()
        assert not Inquiry._base_manager.exists()
        assert [*waiting_wishes(timezone.now())] == [mail]
    with time_machine.travel(mail.keep_until, tick=False):
        purge_expired(now=timezone.now())
        assert not IncomingMail._base_manager.exists()


def test_wish_of_somebody_else_waits_although_the_thread_is_marked_as_spam(
    answered: Any, staff: Client, inquiry: Inquiry
) -> None:
    answer(answered, EVE, "Please.", subject="Delete my data")
    answer(answered, DAVE, "Please.", subject="Send me all my data")
    assert {mail.sender for mail in waiting_wishes(timezone.now())} == {EVES, DAVES}
    form_of(staff, inquiry).press("Spam")
    inquiry.refresh_from_db()
    assert inquiry.state == "spam"
    assert [mail.sender for mail in waiting_wishes(timezone.now())] == [EVES]
    assert "Delete" in Page(staff, "/admin/contacts/inquiry/?queue=wishes").text
    form_of(staff, inquiry).press("Open the request")
    assert PrivacyRequest.objects.get().email == EVES


def archived(email: str) -> dict[str, Any]:
    with zipfile.ZipFile(io.BytesIO(build_archive(email=email, now=NOON))) as archive:
        return {section["what"]: section for section in json.loads(archive.read("data.json"))["sections"]}


# --- Mails about other rows -------------------------------------------------------------------------------------------


@pytest.fixture
def order(product: Product) -> Order:
    return factories.order(product, email=DAVES, state="paid", paid_at=NOON)


@pytest.fixture
def receipt(order: Order) -> Any:
    queue_mail(RECEIPT, to=DAVES, about=order, context={})
    [sent] = mailed_to(DAVES)
    return sent


def test_answer_to_a_receipt_is_a_question_about_the_order(receipt: Any, order: Order, staff: Client) -> None:
    first = answer(receipt, DAVE, "Where is my key?")
    inquiry = Inquiry.objects.get()
    assert (inquiry.kind, inquiry.order_reference, inquiry.email) == ("order", order.reference, DAVES)
    assert f"Answers our email about {order.staff_label}" in form_of(staff, inquiry).text
    assert answer(receipt, DAVE, "Found it.").inquiry == first.inquiry


def test_stranger_with_the_id_of_a_receipt_learns_nothing(receipt: Any, order: Order, staff: Client) -> None:
    answer(receipt, EVE, "Where is my key?")
    inquiry = Inquiry.objects.get()
    assert (inquiry.kind, inquiry.order_reference, inquiry.email) == ("question", None, EVES)
    assert mailed_to(EVES) == []
    assert "someone else's" in form_of(staff, inquiry).text


# --- The page ---------------------------------------------------------------------------------------------------------


def test_file_of_a_mail_is_only_downloaded(answered: Any, staff: Client, inquiry: Inquiry) -> None:
    answer(answered, DAVE, plan=PDF)
    page = form_of(staff, inquiry)
    [link] = [link for link in page.soup.select("a") if link.get_text() == "plan.pdf"]
    response = staff.get(str(link["href"]))
    assert response.content == PDF
    assert response.headers["Content-Type"] == "application/octet-stream"
    assert response.headers["Content-Disposition"] == 'attachment; filename="plan.pdf"'
    assert page.soup.select(".attachments a")
    assert not page.soup.select(".attachments img")


def test_quoted_history_is_folded(answered: Any, staff: Client, inquiry: Inquiry) -> None:
    answer(answered, DAVE)
    page = form_of(staff, inquiry)
    assert page.soup.select_one(".inbox-message > .inbox-words").get_text(strip=True) == "Blue, please."  # type: ignore[union-attr]
    assert "Red or blue?" in page.soup.select_one(".inbox-message details.inbox-quoted").get_text()  # type: ignore[union-attr]


def test_answer_of_a_page_that_does_not_show_the_latest_mail_is_asked_again(
    answered: Any, staff: Client, inquiry: Inquiry
) -> None:
    page = form_of(staff, inquiry)
    answer(answered, DAVE, "Stop, make it blue.")
    after = page.press("Send", answer="Red it is.")
    assert "has been sent" not in after.text
    assert "Red it is." in after.field("answer")
    assert len(mailed_to(DAVES)) == 1


def test_opt_out_after_the_last_mail_closes_the_answer(
    answered: Any, staff: Client, inquiry: Inquiry, clock: time_machine.Traveller
) -> None:
    clock.shift(timedelta(hours=1))
    suppress(DAVES, Channel.EMAIL)
    clock.shift(timedelta(hours=1))
    assert "opted out of email" in send(staff, inquiry, "Still there?")
    answer(answered, DAVE, "Yes, please write.")
    assert "has been sent" in send(staff, inquiry, "Thank you.")
    suppress(DAVES, Channel.EMAIL)
    clock.shift(timedelta(hours=1))
    assert "opted out of email" in send(staff, inquiry, "One more thing.")


def test_page_of_an_inquiry_with_mails_opens(answered: Any, staff: Client, inquiry: Inquiry) -> None:
    for _ in range(3):
        answer(answered, DAVE, plan=PDF)
    history = staff.get(page_of(inquiry, "history")).content.decode()
    assert history.count("plan.pdf") == 3
