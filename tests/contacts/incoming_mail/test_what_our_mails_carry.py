"""From our mail over a mail server to the answer: what an answer, a returned mail and a wish to unsubscribe find."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from email.message import EmailMessage

import pytest
from django.utils import timezone
from pytest_django import Settings

from contacts.incoming_mail.intake import receive_message
from contacts.mails import INQUIRY_ANSWERED
from contacts.models import IncomingMail, Inquiry
from privacy.mail.sending import queue_mail
from privacy.models import OutgoingMail, Suppression, UndeliverableAddress
from tests import factories
from tests.privacy.mail import returned_mail
from tests.privacy.mail.smtp_server import SmtpServer, mailers, smtp_server
from tests.privacy.mails_of_tests import declared

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("clock")]

Work = Callable[[], int]
DAVE = "dave@example.org"
State = IncomingMail.State


@pytest.fixture
def server(settings: Settings) -> Iterator[SmtpServer]:
    settings.MAIL_REPLY_ADDRESS, settings.MAIL_BOUNCE_DOMAIN = "info@ait-pro.com", "bounces.ait-pro.com"
    with smtp_server() as server:
        settings.MAILERS = mailers(server.port)
        yield server


@pytest.fixture
def inquiry(server: SmtpServer, work: Work) -> Iterator[Inquiry]:
    """Answered by mail."""
    inquiry = factories.inquiry(DAVE)
    reply = inquiry.replies.create(body="Our answer.")
    with declared(answers=INQUIRY_ANSWERED.answers) as news:  # which can also be unsubscribed from
        queue_mail(news, to=DAVE, about=inquiry, context={"reply": reply})
        work()
        yield inquiry


def reply_to(sent: EmailMessage, **headers: str) -> bytes:
    """As a mail program writes it; only with the given headers of those that name what it answers."""
    lines = {"From": f"Dave <{DAVE}>", "To": "info@ait-pro.com", "Subject": "Something else", **headers}
    written = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in lines.items())
    return f"{written}Message-ID: <answer@mail.example.org>\r\n\r\nThank you!\r\n".encode()


@pytest.mark.parametrize("survived", ["In-Reply-To", "References", "To"])
def test_an_answer_reaches_its_thread_by_one_header_alone(server: SmtpServer, inquiry: Inquiry, survived: str) -> None:
    [sent] = server.messages
    headers = {
        "In-Reply-To": {"In_Reply_To": str(sent["Message-ID"])},
        "References": {"References": f"{sent['References']} <changed.by.the.provider@example.net>"},
        "To": {"To": f"AITpro <{sent['Reply-To'].addresses[0].addr_spec}>"},
    }[survived]
    mail = receive_message(reply_to(sent, **headers), received_at=timezone.now())
    assert (mail.state, mail.inquiry) == (State.FILED, inquiry)
    assert not mail.is_automatic


def test_an_answer_after_our_mail_was_deleted_reaches_its_thread(server: SmtpServer, inquiry: Inquiry) -> None:
    [sent] = server.messages
    OutgoingMail.objects.all().delete()
    mail = receive_message(reply_to(sent, In_Reply_To=str(sent["Message-ID"])), received_at=timezone.now())
    assert mail.inquiry == inquiry


@pytest.mark.parametrize("shape", ["EXIM", "QMAIL", "EXCHANGE_2003", "IN_NO_KNOWN_FORMAT"])
def test_returned_mail_ends_mail_to_the_address_by_where_it_came(
    server: SmtpServer, inquiry: Inquiry, shape: str
) -> None:
    raw = getattr(returned_mail, shape).replace("{id}", "<none@example.org>").encode()
    mail = receive_message(raw, received_at=timezone.now(), envelope_to=server.senders[0])
    assert mail.state == State.IGNORED
    assert UndeliverableAddress.objects.filter(email_index=DAVE).exists()
    assert Inquiry.objects.count() == 1


def test_a_mail_to_the_unsubscribe_address_counts_from_when_it_arrived(server: SmtpServer, inquiry: Inquiry) -> None:
    [sent] = server.messages
    [address] = re.findall(r"<mailto:([^>]+)>", str(sent["List-Unsubscribe"]))
    arrived = timezone.now() - timedelta(hours=5)
    mail = receive_message(reply_to(sent, To=address, Subject="unsubscribe"), received_at=arrived)
    assert mail.state == State.IGNORED
    [opt_out] = Suppression.objects.all()
    assert (opt_out.channel, opt_out.purpose, opt_out.created_at) == ("email", "answer_inquiry", arrived)


def test_our_own_mail_that_comes_back_is_not_answered(server: SmtpServer, inquiry: Inquiry, work: Work) -> None:
    mail = receive_message(server.received[0], received_at=timezone.now())
    work()
    assert mail.state == State.IGNORED
    assert len(server.messages) == 1
    assert Inquiry.objects.count() == 1
