"""Mail that comes back, said at once or in a message of its own; and the forged ones, which change nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from email import message_from_string
from email.message import EmailMessage
from email.policy import default
from uuid import uuid4

import pytest
import time_machine
from django.core import mail as django_mail
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from accounts.models import User
from contacts.mails import INQUIRY_ANSWERED, INQUIRY_RECEIVED
from contacts.models import Inquiry
from privacy.audit.models import AuditEntry
from privacy.encryption.keys import RootKey
from privacy.mail.bounces import mark_undeliverable, record_notification
from privacy.mail.sending import NOT_SENT, MailRefused, deliver_mail, queue_mail
from privacy.mail.smtp_replies import verdict
from privacy.mail.threads import mail_with_id, message_id
from privacy.models import MailTally, OutgoingMail, UndeliverableAddress
from privacy.models.consent import tally
from tests import factories
from tests.cast import signed_in
from tests.privacy.stored import anew, stored

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]

DAVE = "dave@example.org"
State, Outcome = OutgoingMail.State, MailTally.Outcome


@pytest.fixture
def inquiry(clock: time_machine.Traveller) -> Inquiry:
    return factories.inquiry(DAVE)


@pytest.fixture
def mail(inquiry: Inquiry, work: Callable[[], int]) -> OutgoingMail:
    """Sent, as far as our mail server said."""
    mail = queue_mail(INQUIRY_RECEIVED, to=DAVE, about=inquiry, context={})
    work()
    sent: OutgoingMail = anew(mail)
    assert sent.state == State.SENT
    return sent


def notification(
    quoted_id: str, *, action: str = "failed", status: str = "5.1.1", diagnostic: str = "", whole: bool = True
) -> EmailMessage:
    """As a mail server writes it (RFC 3464), naming somebody else as who could not be reached."""
    quoted = f"Message-ID: {quoted_id}\nSubject: Our answer\nTo: victim@example.net\n"
    kind = "message/rfc822" if whole else "text/rfc822-headers"
    body = quoted + "\nHello\n" if whole else quoted
    return parsed(
        f"""From: MAILER-DAEMON@mx.example.org
To: info@ait-pro.com
Subject: Undelivered Mail Returned to Sender
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="B"

--B
Content-Type: text/plain

I'm sorry to have to inform you.

--B
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.org

Final-Recipient: rfc822; victim@example.net
Action: {action}
Status: {status}
Diagnostic-Code: smtp; 550 {diagnostic or status} no victim@example.net here

--B
Content-Type: {kind}

{body}
--B--
"""
    )


def parsed(text: str) -> EmailMessage:
    message = message_from_string(text, policy=default)
    assert isinstance(message, EmailMessage)
    return message


def id_of(mail: OutgoingMail) -> str:
    return message_id(mail)


@pytest.mark.parametrize("whole", [True, False])
def test_a_notification_marks_the_address_we_wrote_to(mail: OutgoingMail, whole: bool) -> None:
    assert record_notification(notification(id_of(mail), whole=whole), recipients=[]) == "marked"
    address = UndeliverableAddress.objects.get()
    assert address == UndeliverableAddress.objects.get(email_index=DAVE)
    assert address.code == "550 5.1.1"
    assert (anew(mail).state, anew(mail).refusal) == (State.BOUNCED, "bounced: 550 5.1.1")
    assert tally(outcome=Outcome.BOUNCED, since=timezone.now().date()) == {"answer_inquiry": 1}


@pytest.mark.parametrize(
    ("status", "diagnostic", "outcome", "code"),
    [
        ("", "5.1.1", "marked", "550 5.1.1"),  # a server that leaves the status out, or writes words into it
        ("unknown user", "5.1.10", "marked", "550 5.1.10"),
        ("", "4.2.1", "passing", None),
        ("", "5.2.2", "passing", None),
        ("5.1.6", "4.2.1", "marked", "550 5.1.6"),  # the status is the rule's; the words behind it are the server's
        ("4.4.1", "5.1.1", "passing", None),
    ],
)
def test_the_diagnostic_code_speaks_where_the_status_says_nothing(
    mail: OutgoingMail, status: str, diagnostic: str, outcome: str, code: str | None
) -> None:
    assert (
        record_notification(notification(id_of(mail), status=status, diagnostic=diagnostic), recipients=[]) == outcome
    )
    assert UndeliverableAddress.objects.values_list("code", flat=True).first() == code


def test_bounce_record_holds_no_address_and_no_server_text(mail: OutgoingMail) -> None:
    record_notification(notification(id_of(mail)), recipients=[])
    address = UndeliverableAddress.objects.get()
    assert b"dave" not in stored(address, "fingerprint")
    assert "victim" not in address.code


def test_nobody_is_mailed_there_again(mail: OutgoingMail, inquiry: Inquiry) -> None:
    record_notification(notification(id_of(mail)), recipients=[])
    django_mail.outbox.clear()
    with pytest.raises(MailRefused, match="undeliverable since March 2, 2026"):
        queue_mail(INQUIRY_ANSWERED, to=" DAVE@example.org", about=inquiry, context={"reply": "Hi"})
    queued = queue_mail(INQUIRY_RECEIVED, to=DAVE, about=inquiry, context={})
    deliver_mail.call(str(queued.pk))
    assert (anew(queued).state, anew(queued).refusal) == (State.REFUSED, "undeliverable since March 2, 2026")
    assert (anew(queued).text, anew(queued).html) == (NOT_SENT, NOT_SENT)
    assert django_mail.outbox == []
    assert tally(outcome=Outcome.REFUSED, since=timezone.now().date()) == {"undeliverable": 2}


def test_the_contact_form_takes_a_message_from_such_an_address_all_the_same(
    mail: OutgoingMail, inquiry: Inquiry, work: Callable[[], int]
) -> None:
    from contacts.inquiries.workflow import receive_inquiry

    record_notification(notification(id_of(mail)), recipients=[])
    django_mail.outbox.clear()
    receive_inquiry(inquiry=Inquiry(name="Dave", email=DAVE, message="Again"))
    work()
    assert Inquiry.objects.count() == 2
    assert [message.to for message in django_mail.outbox] == [["info@ait-pro.com"]]


def test_the_same_notification_again_changes_nothing(mail: OutgoingMail) -> None:
    assert record_notification(notification(id_of(mail)), recipients=[]) == "marked"
    UndeliverableAddress.objects.all().delete()
    assert record_notification(notification(id_of(mail)), recipients=[]) == "not ours"
    assert not UndeliverableAddress.objects.exists()


def forged(mail: OutgoingMail) -> list[str]:
    own = id_of(mail).strip("<>").partition("@")[0]
    other = message_id(OutgoingMail(about_model="contacts.Inquiry", about_id=uuid4())).strip("<>").partition("@")[0]
    return [
        f"<{mail.pk.hex}@ait-pro.com>",
        f"<{own[:-20]}{'a' * 20}@ait-pro.com>",
        f"<{own[:-2]}@ait-pro.com>",
        f"<{other[:40]}{own[40:]}@ait-pro.com>",
        "<x@example.org>",
        "",
    ]


@pytest.mark.parametrize("number", range(6))
def test_a_forged_notification_marks_nobody(mail: OutgoingMail, number: int) -> None:
    assert record_notification(notification(forged(mail)[number]), recipients=[]) == "not ours"
    assert not UndeliverableAddress.objects.exists()
    assert anew(mail).state == State.SENT


@pytest.mark.parametrize(
    ("action", "status"), [("delayed", "4.4.1"), ("failed", "5.2.2"), ("failed", "5.7.1"), ("failed", "4.0.0")]
)
def test_temporary_smtp_reply_marks_no_address_as_undeliverable(mail: OutgoingMail, action: str, status: str) -> None:
    assert record_notification(notification(id_of(mail), action=action, status=status), recipients=[]) == "passing"
    assert not UndeliverableAddress.objects.exists()


@pytest.mark.parametrize("text", ["", "Hello", "Content-Type: multipart/report; boundary=x\n\n--x\n", "\x00\xff"])
def test_any_other_message_is_no_notification(db: None, text: str) -> None:
    assert record_notification(parsed(text), recipients=[]) is None


def test_a_message_id_outlives_a_rotation_of_the_keys(mail: OutgoingMail, settings: Settings) -> None:
    before = id_of(mail)
    settings.ENCRYPTION_KEYS = f"{RootKey(b'next', b'n' * 32).written_out()},{settings.ENCRYPTION_KEYS}"
    assert id_of(mail) != before
    assert mail_with_id(before) == mail_with_id(id_of(mail)) == mail.pk


@pytest.mark.parametrize(
    ("code", "text", "final"),
    [
        (550, "5.1.1 no such user", True),
        (550, "no such user", True),
        (551, "5.1.6 moved", True),
        (553, "bad name", True),
        (552, "mailbox full", False),
        (550, "5.2.2 over quota", False),
        (554, "5.7.1 listed", False),
        (450, "4.2.1 later", False),
        (421, "busy", False),
    ],
)
def test_permanent_smtp_replies_are_told_from_temporary_ones(code: int, text: str, final: bool) -> None:
    assert verdict(code, text).is_final == final


# --- Staff ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def address(db: None, clock: time_machine.Traveller) -> Iterator[UndeliverableAddress]:
    yield mark_undeliverable(DAVE, code="550 5.1.1")


CHANGELIST = "/admin/privacy/undeliverableaddress/"


def test_staff_see_it_find_it_by_the_address_and_lift_it(
    staff: Client, bob: User, address: UndeliverableAddress, inquiry: Inquiry
) -> None:
    assert "550 5.1.1" in staff.get(CHANGELIST, {"q": DAVE}).content.decode()
    assert "550 5.1.1" not in staff.get(CHANGELIST, {"q": "x@example.org"}).content.decode()
    response = staff.post(
        CHANGELIST, {"action": "reactivate_selected", "_selected_action": str(address.pk)}, follow=True
    )
    assert "can receive mail again" in response.content.decode()
    assert not UndeliverableAddress.objects.exists()
    assert AuditEntry.objects.get(action="privacy.undeliverable.lifted").actor == bob.pk
    queue_mail(INQUIRY_ANSWERED, to=DAVE, about=inquiry, context={"reply": inquiry.replies.create(body="Hi")})


def test_view_permission_alone_can_not_reactivate_an_address(address: UndeliverableAddress) -> None:
    from django.contrib.auth.models import Permission

    looker = factories.user("grace@example.com", is_staff=True)
    looker.user_permissions.add(Permission.objects.get(codename="view_undeliverableaddress"))
    browser = signed_in(looker)
    assert "550 5.1.1" in browser.get(CHANGELIST).content.decode()
    browser.post(CHANGELIST, {"action": "reactivate_selected", "_selected_action": str(address.pk)})
    assert UndeliverableAddress.objects.exists()


def test_staff_read_why_a_send_was_refused(staff: Client, mail: OutgoingMail, inquiry: Inquiry) -> None:
    queued = queue_mail(INQUIRY_RECEIVED, to=DAVE, about=inquiry, context={})
    mark_undeliverable(DAVE, code="550")
    deliver_mail.call(str(queued.pk))
    shown = staff.get("/admin/privacy/outgoingmail/", {"state__exact": "refused"}).content.decode()
    assert "undeliverable since March 2, 2026" in shown
    counts = staff.get("/admin/privacy/mailtally/").content.decode()
    assert "the address is undeliverable" in counts


def test_counts_are_by_day_and_purpose(mail: OutgoingMail, clock: time_machine.Traveller) -> None:
    today = timezone.now().date()
    assert tally(outcome=Outcome.SENT, since=today) == {"answer_inquiry": 1}
    clock.shift(timedelta(days=1))
    assert tally(outcome=Outcome.SENT, since=timezone.now().date()) == {}
    assert tally(outcome=Outcome.SENT, since=today) == {"answer_inquiry": 1}
