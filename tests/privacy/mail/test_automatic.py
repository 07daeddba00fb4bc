"""Which mail no person wrote to us, so that no program of ours answers it."""

from __future__ import annotations

from collections.abc import Callable
from email import message_from_string
from email.message import EmailMessage
from email.policy import default

import pytest
from django.core import mail as django_mail

from contacts.mails import INQUIRY_ANSWERED
from privacy.mail.automatic import Automatic, automatic_because
from privacy.mail.sending import queue_mail
from tests import factories


def parsed(headers: str, body: str = "Hello") -> EmailMessage:
    message = message_from_string(f"{headers}\n\n{body}\n", policy=default)
    assert isinstance(message, EmailMessage)
    return message


DAVE = "From: Dave <dave@example.org>\nReturn-Path: <dave@example.org>"

AUTOMATIC = {
    f"{DAVE}\nAuto-Submitted: auto-replied (vacation)": Automatic.AUTO_REPLY,
    f"{DAVE}\nAuto-Submitted: auto-generated": Automatic.SUBMITTED,
    f"{DAVE}\nAuto-Submitted: Auto-Notified; owner-email=x@example.org": Automatic.SUBMITTED,
    f"{DAVE}\nPrecedence: bulk": Automatic.BULK,
    f"{DAVE}\nPrecedence: Junk": Automatic.BULK,
    f"{DAVE}\nPrecedence: list": Automatic.LIST,
    f"{DAVE}\nPrecedence: auto_reply": Automatic.AUTO_REPLY,
    f"{DAVE}\nX-Autoreply: yes": Automatic.AUTO_REPLY,
    f"{DAVE}\nList-Id: <announce.example.org>": Automatic.LIST,
    f"{DAVE}\nList-Unsubscribe: <https://example.org/>": Automatic.LIST,
    f"{DAVE}\nX-Auto-Response-Suppress: DR, OOF, All": Automatic.SUBMITTED,
    f"{DAVE}\nX-Auto-Response-Suppress: OOF, AutoReply": Automatic.SUBMITTED,
    f"{DAVE}\nSubject: Automatic reply: Your answer": Automatic.AUTO_REPLY,
    f"{DAVE}\nSubject: =?utf-8?q?Abwesenheitsnotiz=3A_Gr=C3=BC=C3=9Fe?=": Automatic.AUTO_REPLY,
    f"{DAVE}\nSubject: Out of Office": Automatic.AUTO_REPLY,
    f"{DAVE}\nContent-Type: multipart/report; report-type=disposition-notification; boundary=B": Automatic.REPORT,
    f"{DAVE}\nContent-Type: text/calendar; method=REPLY": Automatic.CALENDAR,
    "From: Dave <dave@example.org>\nReturn-Path: <>": Automatic.MAIL_SYSTEM,
    "From: MAILER-DAEMON@example.org": Automatic.MAIL_SYSTEM,
    "From: Postmaster <postmaster@example.org>": Automatic.MAIL_SYSTEM,
    "From: Shop <no-reply@example.org>": Automatic.UNREAD,
    "From: noreply@example.org": Automatic.UNREAD,
    "From: do_not-reply@example.org": Automatic.UNREAD,
    "From: bounces+123@example.org": Automatic.UNREAD,
    "From: owner-list@example.org": Automatic.UNREAD,
    "From: list-request@example.org": Automatic.UNREAD,
}

BY_PEOPLE = [
    DAVE,
    f"{DAVE}\nAuto-Submitted: no",
    f"{DAVE}\nPrecedence: normal",
    f"{DAVE}\nSubject: Re: Automatic reply: is it broken?",
    f"{DAVE}\nSubject: My license could not be delivered",
    f"{DAVE}\nContent-Type: text/calendar; method=REQUEST",
    f"{DAVE}\nX-Auto-Response-Suppress: OOF",
    "From: Norepl <norepl@example.org>",
    "From: request@example.org",
    "From: bouncer@example.org",
    "From: postmasters-friend@example.org",
    "",
    "From: \x00\udcff",
]


@pytest.mark.parametrize("headers", AUTOMATIC)
def test_automatic_mail_is_recognized(headers: str) -> None:
    assert automatic_because(parsed(headers)) == AUTOMATIC[headers]


@pytest.mark.parametrize("headers", BY_PEOPLE)
def test_mail_of_people_is_not_taken_for_automatic(headers: str) -> None:
    assert automatic_because(parsed(headers)) == ""


def test_a_calendar_reply_is_found_inside_a_mail() -> None:
    body = '--B\nContent-Type: text/plain\n\nYes\n--B\nContent-Type: text/calendar; method="REPLY"\n\nBEGIN\n--B--'
    assert automatic_because(parsed(f"{DAVE}\nContent-Type: multipart/mixed; boundary=B", body)) == Automatic.CALENDAR


@pytest.mark.django_db
@pytest.mark.usefixtures("clock")
def test_our_own_mail_is_known_though_a_person_wrote_it(work: Callable[[], int]) -> None:
    """Forwarded to the mailbox that we read, or sent to the business's own address."""
    inquiry = factories.inquiry("dave@example.org")
    reply = inquiry.replies.create(body="Our answer.")
    queue_mail(INQUIRY_ANSWERED, to="dave@example.org", about=inquiry, context={"reply": reply})
    work()
    [sent] = django_mail.outbox
    assert automatic_because(parsed(str(sent.message()))) == Automatic.OWN


def test_reasons_fit_the_column_and_name_nobody() -> None:
    assert all(0 < len(reason) <= 100 and "@" not in reason for reason in Automatic)
