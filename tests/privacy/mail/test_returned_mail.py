"""Returned mail in every format: by the Message-ID that it quotes, or by the envelope sender that each mail has."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from pytest_django import Settings

from contacts.mails import INQUIRY_RECEIVED
from contacts.models import Inquiry
from privacy.mail.automatic import automatic_because
from privacy.mail.bounces import record_notification
from privacy.mail.sending import queue_mail
from privacy.mail.threads import Reason, message_id, reason_answered
from privacy.mail.verp import bounce_address
from privacy.models import OutgoingMail, UndeliverableAddress
from tests import factories
from tests.privacy.stored import anew

from . import returned_mail as shapes
from .returned_mail import DAVE, returned
from .smtp_server import SmtpServer, mailers, smtp_server

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]

Work = Callable[[], int]
FAILED = ["POSTFIX", "EXIM", "QMAIL", "EXCHANGE_2003"]


@pytest.fixture
def server(settings: Settings) -> Iterator[SmtpServer]:
    with smtp_server() as server:
        settings.MAILERS = mailers(server.port)
        yield server


@pytest.fixture
def mail(server: SmtpServer, work: Work, settings: Settings) -> OutgoingMail:
    """Sent with an envelope sender of its own."""
    settings.MAIL_BOUNCE_DOMAIN = "bounces.ait-pro.com"
    mail = queue_mail(INQUIRY_RECEIVED, to=DAVE, about=factories.inquiry(DAVE), context={})
    work()
    sent: OutgoingMail = anew(mail)
    return sent


def is_marked() -> bool:
    return UndeliverableAddress.objects.filter(email_index=DAVE).exists()


def test_each_mail_has_an_envelope_sender_of_its_own_and_the_business_in_its_header(
    server: SmtpServer, mail: OutgoingMail
) -> None:
    [sender], [message] = server.senders, server.messages
    assert sender == bounce_address(mail)
    assert sender.endswith("@bounces.ait-pro.com")
    assert len(sender.partition("@")[0]) <= 64
    assert message["From"].addresses[0].addr_spec == "info@ait-pro.com"
    assert str(mail.pk) not in sender


def test_without_the_setting_mail_comes_from_the_business(server: SmtpServer, work: Work) -> None:
    queue_mail(INQUIRY_RECEIVED, to=DAVE, about=factories.inquiry(DAVE), context={})
    work()
    assert server.senders == ["info@ait-pro.com"]


def test_mail_to_an_international_address_has_one_too(server: SmtpServer, work: Work, settings: Settings) -> None:
    settings.MAIL_BOUNCE_DOMAIN = "bounces.ait-pro.com"
    mail = queue_mail(INQUIRY_RECEIVED, to="josé@example.org", about=factories.inquiry("josé@example.org"), context={})
    work()
    assert server.senders == [bounce_address(mail)]


@pytest.mark.parametrize("shape", FAILED)
def test_returned_mail_that_quotes_our_id_marks_the_address(mail: OutgoingMail, shape: str) -> None:
    assert record_notification(returned(getattr(shapes, shape), message_id(mail)), recipients=[]) == "marked"
    assert is_marked()


@pytest.mark.parametrize("shape", [*FAILED, "IN_NO_KNOWN_FORMAT"])
def test_returned_mail_that_quotes_nothing_marks_it_by_the_envelope_sender(mail: OutgoingMail, shape: str) -> None:
    came = returned(getattr(shapes, shape), "<nothing@example.org>")
    assert record_notification(came, recipients=[bounce_address(mail).upper(), DAVE]) == "marked"
    assert is_marked()


@pytest.mark.parametrize("shape", FAILED)
def test_without_either_it_is_not_ours(mail: OutgoingMail, shape: str) -> None:
    came = returned(getattr(shapes, shape), "<nothing@example.org>")
    assert record_notification(came, recipients=["info@ait-pro.com"]) == "not ours"
    assert not is_marked()


@pytest.mark.parametrize("shape", ["GMAIL_FULL", "POSTFIX_DELAYED"])
def test_a_full_mailbox_and_a_delay_mark_nobody(mail: OutgoingMail, shape: str) -> None:
    came = returned(getattr(shapes, shape), message_id(mail))
    assert record_notification(came, recipients=[bounce_address(mail)]) == "passing"
    assert not is_marked()


@pytest.mark.parametrize(
    "shape", ["OUT_OF_OFFICE", "FORWARDED_BY_A_PERSON", "WRITTEN_BY_A_PERSON", "WRITTEN_BY_A_STRANGER"]
)
def test_what_people_and_their_programs_write_returns_no_mail(mail: OutgoingMail, shape: str) -> None:
    """The date in the first one looks like a status, the second one contains a notification, the others read so."""
    assert record_notification(returned(getattr(shapes, shape), message_id(mail)), recipients=[]) is None
    assert not is_marked()


def test_an_automatic_reply_to_the_envelope_sender_is_none_but_known_as_automatic(mail: OutgoingMail) -> None:
    came = returned(shapes.OUT_OF_OFFICE, "<nothing@example.org>")
    assert record_notification(came, recipients=[bounce_address(mail)]) is None
    assert automatic_because(came) == "it is an automatic reply"
    assert not is_marked()


def test_a_person_who_answers_to_the_envelope_sender_is_found_in_the_thread(mail: OutgoingMail) -> None:
    inquiry = Inquiry.objects.get()
    assert reason_answered(message_ids=[], recipients=[bounce_address(mail)]) == Reason(
        "contacts.Inquiry", inquiry.pk, mail.pk
    )


def test_an_envelope_sender_made_up_by_somebody_marks_nobody(mail: OutgoingMail) -> None:
    own = bounce_address(mail)
    for forged in (f"{own[:20]}aaaa{own[24:]}", f"{own[:40]}aaaaa{own[45:]}", own[1:], f"{mail.pk.hex}@{own[46:]}"):
        came = returned(shapes.POSTFIX, "<nothing@example.org>")
        assert record_notification(came, recipients=[forged]) == "not ours"
    assert not is_marked()


def test_a_thread_address_is_no_envelope_sender(mail: OutgoingMail, settings: Settings) -> None:
    """Both are signed ids, and everybody in a thread knows its address."""
    from privacy.mail.threads import reply_address

    settings.MAIL_REPLY_ADDRESS = "@reply.ait-pro.com"
    came = returned(shapes.POSTFIX, "<nothing@example.org>")
    assert record_notification(came, recipients=[reply_address(mail)]) == "not ours"


def test_what_a_notification_says_is_not_logged(mail: OutgoingMail, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        assert record_notification(returned(shapes.QMAIL, message_id(mail)), recipients=[]) == "marked"
    assert DAVE not in caplog.text
    assert "detector" not in caplog.text


PIECES = st.sampled_from(
    [*(getattr(shapes, name).encode() for name in FAILED), b"Content-Type: multipart/report; boundary=\x00\n\n",
     b"From: =?x?b?\xff?=\nReturn-Path: <>\n", b"Action: failed\nStatus: \xff\n\n", b"Content-Type: message/rfc822\n\n",
     b"Subject: =?utf-8?q?=FF=FE?= undeliverable\n", b"\n--B\n", b"<a@b>:\n", b"\x00" * 9]
)  # fmt: skip


@hypothesis_settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.lists(st.one_of(PIECES, st.binary(max_size=60)), max_size=8).map(b"".join))
def test_no_bytes_raise_an_error(content: bytes) -> None:
    message: Any = message_from_bytes(content, policy=default)
    assert isinstance(message, EmailMessage)
    assert record_notification(message, recipients=["info@ait-pro.com"]) in (None, "passing", "not ours")
    assert isinstance(automatic_because(message), str)


def test_lines_that_patterns_would_search_for_hours_are_left_alone(mail: OutgoingMail) -> None:
    came = returned(shapes.IN_NO_KNOWN_FORMAT + "a" * 1_000_000, "<nothing@example.org>")
    assert record_notification(came, recipients=[]) is None
    assert record_notification(came, recipients=[bounce_address(mail)]) == "marked"
