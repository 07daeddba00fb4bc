"""The headers by which an answer finds what it is about, and mail programs show a conversation as one."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from email.message import EmailMessage
from uuid import uuid4

import pytest
from django.utils import timezone
from pytest_django import Settings

from contacts.mails import INQUIRY_ANSWERED, INQUIRY_RECEIVED
from contacts.models import IncomingMail, Inquiry
from privacy.encryption.keys import RootKey
from privacy.mail.sending import queue_mail
from privacy.mail.threads import Reason, reason_answered
from privacy.models import OutgoingMail
from tests import factories
from tests.privacy.mails_of_tests import declared

from .smtp_server import SmtpServer, mailers, smtp_server

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]

Work = Callable[[], int]
Send = Callable[..., EmailMessage]
DAVE = "dave@example.org"


@pytest.fixture
def server(settings: Settings) -> Iterator[SmtpServer]:
    with smtp_server() as server:
        settings.MAILERS = mailers(server.port)
        yield server


@pytest.fixture
def inquiry(db: None) -> Inquiry:
    return factories.inquiry(DAVE)


@pytest.fixture
def send(server: SmtpServer, work: Work, inquiry: Inquiry) -> Send:
    """Mails an answer to Dave, and returns it as his mail server gets it."""

    def send(kind: object = INQUIRY_ANSWERED, about: Inquiry = inquiry) -> EmailMessage:
        reply = about.replies.create(body="Our answer.")
        queue_mail(kind, to=str(about.email), about=about, context={"reply": reply})  # type: ignore[arg-type]
        work()
        return server.messages[-1]

    return send


def received(inquiry: Inquiry, message_id: str, *, sender: str = DAVE) -> IncomingMail:
    content = {"content_digest": uuid4().hex, "size": 1, "sender": sender, "received_at": timezone.now()}
    return IncomingMail.objects.create(inquiry=inquiry, message_id=message_id, **content)


def ids(message: EmailMessage, name: str) -> list[str]:
    return str(message[name] or "").split()


# --- What we send -----------------------------------------------------------------------------------------------------


def test_a_persons_answer_is_not_marked_as_automatic(send: Send) -> None:
    message = send()
    assert message["Auto-Submitted"] is None
    assert message["X-Auto-Response-Suppress"] is None


def test_a_confirmation_is_marked_as_automatic(send: Send) -> None:
    message = send(INQUIRY_RECEIVED)
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["X-Auto-Response-Suppress"] == "OOF, AutoReply"


def test_a_confirmation_of_a_mail_says_that_it_answers_one(send: Send, inquiry: Inquiry) -> None:
    received(inquiry, "<first@mail.example.org>")
    message = send(INQUIRY_RECEIVED)
    assert message["Auto-Submitted"] == "auto-replied"
    assert message["In-Reply-To"] == "<first@mail.example.org>"


def test_an_answer_names_the_newest_mail_of_the_thread_and_the_earlier_ones(send: Send, inquiry: Inquiry) -> None:
    received(inquiry, "<first@mail.example.org>")
    received(inquiry, "second@mail.example.org")  # as another program stored it
    message = send()
    assert message["In-Reply-To"] == "<second@mail.example.org>"
    assert ids(message, "References")[1:] == ["<first@mail.example.org>", "<second@mail.example.org>"]


def test_a_mail_of_somebody_else_in_the_thread_is_not_named_to_its_owner(send: Send, inquiry: Inquiry) -> None:
    received(inquiry, "<first@mail.example.org>")
    received(inquiry, "<eve@employer-of-eve.example.net>", sender="eve@example.net")
    message = send()
    assert message["In-Reply-To"] == "<first@mail.example.org>"
    assert "eve" not in str(message["References"])


@pytest.mark.parametrize(
    "written", ["<a@b>\r\nBcc: eve@example.net", "<a b@c>", "x", "", "<ä@b>", "<" + "a" * 900 + "@b>"]
)
def test_what_is_no_message_id_reaches_no_header(send: Send, inquiry: Inquiry, written: str) -> None:
    received(inquiry, written)
    message = send()
    assert message["In-Reply-To"] is None
    assert message["Bcc"] is None
    assert len(ids(message, "References")) == 1


def test_all_mails_about_one_message_share_the_first_reference(send: Send, inquiry: Inquiry) -> None:
    [first], [second] = ids(send(INQUIRY_RECEIVED), "References"), ids(send(), "References")
    [other] = ids(send(about=factories.inquiry(DAVE)), "References")
    assert first == second != other


def test_answers_go_to_an_address_that_names_the_thread(send: Send, settings: Settings) -> None:
    assert send()["Reply-To"] is None
    settings.MAIL_REPLY_ADDRESS = "info@ait-pro.com"
    assert re.fullmatch(r"info\+[a-z2-7]{45}@ait-pro\.com", send()["Reply-To"].addresses[0].addr_spec)
    settings.MAIL_REPLY_ADDRESS = "@reply.ait-pro.com"
    assert re.fullmatch(r"[a-z2-7]{45}@reply\.ait-pro\.com", send()["Reply-To"].addresses[0].addr_spec)


def test_long_identifiers_and_links_are_never_encoded(
    server: SmtpServer, send: Send, inquiry: Inquiry, settings: Settings, work: Work
) -> None:
    settings.MAIL_REPLY_ADDRESS = "info@ait-pro.com"
    for number in range(12):
        received(inquiry, f"<{number:0>150}@mail.example.org>")
    with declared(answers=INQUIRY_ANSWERED.answers) as news:
        send(news)
        abroad = factories.inquiry("josé@example.org")
        received(abroad, f"<{'a' * 150}@mail.example.org>", sender="josé@example.org")
        send(about=abroad)
    assert len(server.received) == 2
    for content in server.received:
        head = content.partition(b"\r\n\r\n")[0]
        assert b"=?" not in head
        assert max(map(len, head.split(b"\r\n"))) < 998
    assert b"0000011@mail.example.org>" in server.received[0]
    assert b"a" * 150 in server.received[1]


# --- What comes back --------------------------------------------------------------------------------------------------


def test_an_answer_finds_its_reason_by_each_header_alone(send: Send, settings: Settings, inquiry: Inquiry) -> None:
    settings.MAIL_REPLY_ADDRESS = "info@ait-pro.com"
    message = send()
    mail = OutgoingMail.objects.get()
    reply_to = message["Reply-To"].addresses[0].addr_spec
    about = ("contacts.Inquiry", inquiry.pk)
    assert reason_answered(message_ids=[message["Message-ID"]], recipients=[]) == Reason(*about, mail.pk)
    assert reason_answered(message_ids=ids(message, "References"), recipients=[]) == Reason(*about, None)
    assert reason_answered(message_ids=[], recipients=["eve@example.net", reply_to]) == Reason(*about, None)
    assert reason_answered(message_ids=["<x@example.org>"], recipients=["info@ait-pro.com"]) is None


def test_an_answer_to_a_mail_that_was_deleted_finds_its_reason(send: Send, inquiry: Inquiry) -> None:
    message = send()
    OutgoingMail.objects.all().delete()
    found = reason_answered(message_ids=[message["Message-ID"]], recipients=[])
    assert found is not None
    assert (found.model_label, found.pk) == ("contacts.Inquiry", inquiry.pk)


def test_mail_servers_may_change_the_case_and_the_separator(send: Send, settings: Settings, inquiry: Inquiry) -> None:
    settings.MAIL_REPLY_ADDRESS = "info@ait-pro.com"
    address = str(send()["Reply-To"].addresses[0].addr_spec)
    for arrived in (address.upper(), address.replace("+", "-"), f"<{address}>", f"postmaster={address}"):
        found = reason_answered(message_ids=[], recipients=[arrived])
        assert found is not None
        assert found.pk == inquiry.pk


def test_the_mail_that_is_answered_counts_more_than_where_it_was_sent(
    send: Send, settings: Settings, inquiry: Inquiry
) -> None:
    settings.MAIL_REPLY_ADDRESS = "info@ait-pro.com"
    other = send(about=factories.inquiry(DAVE))["Reply-To"].addresses[0].addr_spec
    found = reason_answered(message_ids=[send()["Message-ID"]], recipients=[other])
    assert found is not None
    assert found.pk == inquiry.pk


def test_an_id_outlives_a_rotation_of_the_keys(send: Send, settings: Settings, inquiry: Inquiry) -> None:
    before = send()["Message-ID"]
    settings.ENCRYPTION_KEYS = f"{RootKey(b'next', b'n' * 32).written_out()},{settings.ENCRYPTION_KEYS}"
    found = reason_answered(message_ids=[before], recipients=[])
    assert found is not None
    assert found.pk == inquiry.pk
    settings.ENCRYPTION_KEYS = RootKey(b"next", b"n" * 32).written_out()
    assert reason_answered(message_ids=[before], recipients=[]) is None


def test_whoever_knows_the_ids_of_rows_can_make_none_up(send: Send, inquiry: Inquiry) -> None:
    """As somebody does who has a copy of the database, without the keys."""
    from base64 import b32encode

    thread = ids(send(), "References")[0].strip("<>").partition("@")[0]
    for content in (inquiry.pk.bytes + b"\0" * 12, uuid4().bytes + inquiry.pk.bytes + b"\0" * 12):
        made_up = b32encode(content).decode().rstrip("=").lower()
        assert len(made_up) in (45, 71)
        assert reason_answered(message_ids=[f"<{made_up}@ait-pro.com>"], recipients=[f"{made_up}@ait-pro.com"]) is None
    for changed in (f"aa{thread[2:]}", f"{thread[:-4]}aaaa", thread[:-1], f"{thread}a"):
        assert reason_answered(message_ids=[f"<{changed}@ait-pro.com>"], recipients=[]) is None


def test_thousands_of_ids_are_not_all_read(inquiry: Inquiry) -> None:
    flood = [" ".join(["<" + "a" * 71 + "@x>"] * 1000)] * 1000
    assert reason_answered(message_ids=flood, recipients=[]) is None
