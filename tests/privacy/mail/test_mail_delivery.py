"""Delivery: over real SMTP, at most once, tried again with growing pauses, given up in the end, and never forgotten."""

from __future__ import annotations

import logging
import unicodedata
from collections.abc import Callable, Iterator
from datetime import timedelta

import idna
import pytest
import time_machine
from django.core import mail as django_mail
from django.db import transaction
from django.utils import timezone
from django_tasks_db.models import DBTaskResult
from pytest_django import Settings

from contacts.mails import INQUIRY_RECEIVED
from contacts.models import Inquiry
from privacy.mail.sending import (
    BACK_OFF,
    LINK_FORGOTTEN,
    LONGEST_BACK_OFF,
    MAX_ATTEMPTS,
    NOT_SENT,
    STUCK_AFTER,
    deliver_due_mail,
    deliver_mail,
    queue_mail,
)
from privacy.mail.threads import mail_with_id
from privacy.mails import REQUEST_CONFIRMATION
from privacy.models import OutgoingMail, PrivacyRequest, UndeliverableAddress
from tests import factories
from tests.privacy.stored import anew
from tests.trickle import trickle

from .smtp_server import Gate, SmtpServer, mailers, smtp_server

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]

State = OutgoingMail.State
Work = Callable[[], int]


@pytest.fixture
def server(settings: Settings) -> Iterator[SmtpServer]:
    with smtp_server() as server:
        settings.MAILERS = mailers(server.port)
        yield server


@pytest.fixture
def mail(clock: time_machine.Traveller) -> OutgoingMail:
    inquiry = factories.inquiry("dave@example.org", reference="Q-234567")
    return queue_mail(INQUIRY_RECEIVED, to="dave@example.org", about=inquiry, context={})


def look_after(work: Work) -> None:
    """What housekeeping and the worker do together."""
    deliver_due_mail(now=timezone.now())
    work()


def test_a_mail_arrives(server: SmtpServer, mail: OutgoingMail, work: Work) -> None:
    work()
    [message] = server.messages
    assert message["To"] == "dave@example.org"
    assert "info@ait-pro.com" in message["From"]
    assert mail_with_id(message["Message-ID"]) == mail.pk
    assert message["Auto-Submitted"] == "auto-generated"
    assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "text/html"]
    assert anew(mail).sent_at == timezone.now()


def test_a_mail_is_sent_once_however_often_its_task_runs(server: SmtpServer, mail: OutgoingMail, work: Work) -> None:
    for _ in range(3):
        deliver_mail.call(str(mail.pk))
        look_after(work)
    assert server.attempts == len(server.messages) == 1
    assert anew(mail).attempts == 1


def test_a_mail_and_its_task_are_written_together_or_not_at_all() -> None:
    inquiry = factories.inquiry("dave@example.org")
    with transaction.atomic():
        queue_mail(INQUIRY_RECEIVED, to="dave@example.org", about=inquiry, context={})
        assert DBTaskResult.objects.count() == OutgoingMail.objects.count() == 1
        transaction.set_rollback(True)
    assert DBTaskResult.objects.count() == OutgoingMail.objects.count() == 0


def test_a_task_holds_an_id_and_nothing_else(mail: OutgoingMail) -> None:
    [task] = DBTaskResult.objects.all()
    assert task.args_kwargs == {"args": [str(mail.pk)], "kwargs": {}}


def test_a_server_that_is_away_is_tried_again_with_growing_pauses(
    server: SmtpServer, mail: OutgoingMail, work: Work, clock: time_machine.Traveller
) -> None:
    server.answer = "451 later"
    work()
    for attempt in range(1, MAX_ATTEMPTS):
        assert (anew(mail).state, anew(mail).attempts, server.attempts) == (State.QUEUED, attempt, attempt)
        clock.shift(min(BACK_OFF * 2**attempt, LONGEST_BACK_OFF) - timedelta(seconds=1))
        look_after(work)
        assert server.attempts == attempt
        clock.shift(timedelta(seconds=1))
        look_after(work)
    assert (anew(mail).state, server.attempts) == (State.FAILED, MAX_ATTEMPTS)
    clock.shift(timedelta(days=1))
    look_after(work)
    assert server.attempts == MAX_ATTEMPTS


def test_a_server_that_comes_back_gets_the_mail(
    server: SmtpServer, mail: OutgoingMail, work: Work, clock: time_machine.Traveller
) -> None:
    server.answer = "451 later"
    work()
    server.answer = "250 fine"
    clock.shift(BACK_OFF * 2)
    look_after(work)
    assert len(server.messages) == 1
    assert anew(mail).state == State.SENT


def test_an_address_refused_for_good_is_marked_and_not_tried_again(
    server: SmtpServer, mail: OutgoingMail, work: Work, clock: time_machine.Traveller
) -> None:
    server.answer = "550 5.1.1 dave@example.org is not here"
    work()
    assert (anew(mail).state, anew(mail).refusal) == (State.BOUNCED, "bounced: 550 5.1.1")
    assert anew(mail).text == NOT_SENT
    assert UndeliverableAddress.objects.get(email_index="dave@example.org").code == "550 5.1.1"
    clock.shift(timedelta(days=1))
    look_after(work)
    assert server.attempts == 1


def test_a_full_mailbox_is_tried_again_and_not_marked(server: SmtpServer, mail: OutgoingMail, work: Work) -> None:
    server.answer = "552 5.2.2 over quota"
    work()
    assert (anew(mail).state, anew(mail).attempts) == (State.QUEUED, 1)
    assert not UndeliverableAddress.objects.exists()


def test_a_message_that_is_not_taken_says_nothing_about_its_address(
    server: SmtpServer, mail: OutgoingMail, work: Work
) -> None:
    server.data_answer = "554 5.6.0 looks like spam"
    work()
    assert (anew(mail).state, anew(mail).refusal) == (
        State.FAILED,
        "the mail server rejected this message (554)",
    )
    assert not UndeliverableAddress.objects.exists()


def test_a_message_not_taken_for_now_is_tried_again(
    server: SmtpServer, mail: OutgoingMail, work: Work, clock: time_machine.Traveller
) -> None:
    server.data_answer = "451 4.3.0 later"
    work()
    server.data_answer = "250 taken"
    clock.shift(BACK_OFF * 2)
    look_after(work)
    assert anew(mail).state == State.SENT


def test_a_connection_lost_after_the_message_doubles_it_at_most_once_for_each_loss(
    server: SmtpServer, mail: OutgoingMail, work: Work, clock: time_machine.Traveller
) -> None:
    """Nobody can know whether the server took it. The same Message-ID lets the reader's program drop the double."""
    server.drops = True
    work()
    assert anew(mail).state == State.QUEUED
    server.drops = False
    clock.shift(BACK_OFF * 2)
    look_after(work)
    clock.shift(timedelta(days=1))
    look_after(work)
    assert anew(mail).state == State.SENT
    assert [message["Message-ID"] for message in server.messages] == [server.messages[0]["Message-ID"]] * 2


def test_a_server_that_does_not_answer_is_left_after_a_while(
    server: SmtpServer, mail: OutgoingMail, work: Work, settings: Settings
) -> None:
    settings.MAILERS = mailers(server.port, timeout=0.2)
    gate = Gate()
    server.greet = gate.wait
    work()
    gate.opened.set()
    assert (anew(mail).state, anew(mail).attempts) == (State.QUEUED, 1)
    assert server.messages == []


@pytest.mark.parametrize("said", [b"220 ", b"220-welcome\r\n220-", b"220 welcome\r\n250-"])
def test_a_server_that_drips_its_answer_is_left_and_tried_again(
    mail: OutgoingMail, work: Work, settings: Settings, monkeypatch: pytest.MonkeyPatch, said: bytes
) -> None:
    monkeypatch.setattr("privacy.mail.sending.SEND_WITHIN", 0.5)
    with trickle(said) as port:
        settings.MAILERS = mailers(port)
        work()
    assert (anew(mail).state, anew(mail).attempts) == (State.QUEUED, 1)


def test_an_international_domain_is_written_in_ascii(server: SmtpServer, work: Work) -> None:
    inquiry = factories.inquiry("dave@bücher.example")
    queue_mail(INQUIRY_RECEIVED, to="dave@bücher.example", about=inquiry, context={})
    work()
    assert server.recipients == ["dave@xn--bcher-kva.example"]
    assert server.messages[0]["To"] == "dave@xn--bcher-kva.example"


INTERNATIONAL = [
    "josé@example.org",
    "伊昭傑@郵件.商務",
    "ñoñó@example.tld",
    "юзер@екзампл.ком",
    "s\u0323\u0307@example.org",
]


@pytest.mark.parametrize("address", INTERNATIONAL)
def test_letters_beyond_ascii_before_the_at_sign_are_mailed_as_they_are(
    server: SmtpServer, work: Work, address: str
) -> None:
    mail = queue_mail(INQUIRY_RECEIVED, to=address, about=factories.inquiry(address), context={})
    work()
    assert (anew(mail).state, anew(mail).refusal) == (State.SENT, "")
    [recipient], [message] = server.recipients, server.messages
    local, _, domain = address.partition("@")
    assert recipient == f"{unicodedata.normalize('NFC', local)}@{idna.encode(domain).decode()}"
    assert f"To: {recipient}\r\n".encode() in server.received[0]  # not as an encoded word, which is another mailbox
    assert mail_with_id(message["Message-ID"]) == mail.pk
    assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "text/html"]


def test_server_without_smtputf8_refuses_such_a_mail_once_and_says_why(
    settings: Settings, work: Work, clock: time_machine.Traveller
) -> None:
    with smtp_server(smtputf8=False) as server:
        settings.MAILERS = mailers(server.port)
        refused = queue_mail(
            INQUIRY_RECEIVED, to="josé@example.org", about=factories.inquiry("josé@example.org"), context={}
        )
        sent = queue_mail(
            INQUIRY_RECEIVED, to="dave@example.org", about=factories.inquiry("dave@example.org"), context={}
        )
        work()
        clock.shift(timedelta(days=3))
        look_after(work)
        assert server.recipients == ["dave@example.org"]
    assert anew(sent).state == State.SENT
    assert (anew(refused).state, anew(refused).attempts) == (State.REFUSED, 1)
    assert "our mail server does not support such addresses" in anew(refused).refusal


def test_nobody_listening_is_a_failure_like_any_other(mail: OutgoingMail, work: Work, settings: Settings) -> None:
    with smtp_server() as server:
        port = server.port
    settings.MAILERS = mailers(port)
    work()
    assert (anew(mail).state, anew(mail).attempts) == (State.QUEUED, 1)


def test_a_log_line_about_a_failure_names_nobody(
    server: SmtpServer, mail: OutgoingMail, work: Work, caplog: pytest.LogCaptureFixture
) -> None:
    server.answer = "550 dave@example.org is not here"
    with caplog.at_level(logging.INFO):
        work()
    assert f"mail {mail.pk} bounced: 550" in caplog.text
    assert "dave" not in caplog.text


def test_a_defect_while_sending_names_nobody_in_the_table_of_tasks(
    mail: OutgoingMail, work: Work, settings: Settings
) -> None:
    settings.MAILERS = {"default": {"BACKEND": "tests.privacy.mail.test_mail_delivery.Defective"}}
    work()
    assert anew(mail).state == State.QUEUED
    assert not DBTaskResult.objects.exclude(traceback="").exists()


class Defective:
    """A backend with a defect whose error names the person."""

    def __init__(self, **options: object) -> None: ...

    def send_messages(self, messages: list[django_mail.EmailMessage]) -> int:
        raise ValueError(str(messages[0].to))


def test_a_mail_left_behind_by_a_worker_that_died_is_tried_again(
    mail: OutgoingMail, work: Work, clock: time_machine.Traveller
) -> None:
    OutgoingMail.objects.update(state=State.SENDING, attempts=1)
    clock.shift(STUCK_AFTER - timedelta(seconds=1))
    look_after(work)
    assert django_mail.outbox == []
    clock.shift(timedelta(seconds=1))
    look_after(work)
    assert len(django_mail.outbox) == 1
    assert (anew(mail).state, anew(mail).attempts) == (State.SENT, 2)


def test_a_mail_on_which_workers_keep_dying_is_given_up(
    mail: OutgoingMail, work: Work, clock: time_machine.Traveller
) -> None:
    OutgoingMail.objects.update(state=State.SENDING, attempts=MAX_ATTEMPTS)
    clock.shift(STUCK_AFTER)
    look_after(work)
    assert anew(mail).state == State.FAILED
    assert django_mail.outbox == []


def test_the_mail_that_has_waited_longest_goes_first(clock: time_machine.Traveller) -> None:
    inquiry = factories.inquiry("dave@example.org")
    mails = []
    for _ in range(3):
        mails.append(queue_mail(INQUIRY_RECEIVED, to="dave@example.org", about=inquiry, context={}))
        clock.shift(timedelta(minutes=1))
    DBTaskResult.objects.all().delete()
    assert deliver_due_mail(now=timezone.now()) == 3
    tasks = DBTaskResult.objects.order_by("enqueued_at", "id")
    assert {task.args_kwargs["args"][0] for task in tasks} == {str(mail.pk) for mail in mails}


def test_a_link_that_acts_is_not_kept_once_it_is_delivered(work: Work) -> None:
    now = timezone.now()
    request = PrivacyRequest.objects.create(email="dave@example.org", kind="access", keep_until=now + timedelta(days=7))
    mail = queue_mail(REQUEST_CONFIRMATION, to="dave@example.org", about=request, context={"token": "SECRET"})
    assert "SECRET" in anew(mail).text
    work()
    assert "SECRET" in str(django_mail.outbox[0].body)
    assert (anew(mail).text, anew(mail).html) == (LINK_FORGOTTEN, LINK_FORGOTTEN)
    assert anew(mail).subject == "Please confirm your privacy request"


def test_other_mails_are_kept_as_they_were_sent(mail: OutgoingMail, work: Work) -> None:
    work()
    assert anew(mail).text == django_mail.outbox[0].body
    assert Inquiry.objects.get().reference in anew(mail).text
