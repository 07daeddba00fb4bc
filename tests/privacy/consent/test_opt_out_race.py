"""Whoever opts out, or is erased, before the mail server has answered gets nothing: real threads, a real server."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connections
from pytest_django import Settings

from contacts.mails import INQUIRY_ANSWERED
from contacts.models import Inquiry
from privacy.consent.opt_outs import suppress
from privacy.erasure.erase import erase_person
from privacy.mail.bounces import mark_undeliverable
from privacy.mail.sending import deliver_mail, queue_mail
from privacy.models import OutgoingMail
from tests import factories
from tests.privacy.mail.smtp_server import Gate, SmtpServer, mailers, smtp_server
from tests.privacy.stored import anew

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

DAVE = "dave@example.org"
State = OutgoingMail.State


@pytest.fixture
def server(settings: Settings) -> Iterator[SmtpServer]:
    with smtp_server() as server:
        settings.MAILERS = mailers(server.port)
        yield server


def answer(inquiry: Inquiry) -> OutgoingMail:
    return queue_mail(INQUIRY_ANSWERED, to=DAVE, about=inquiry, context={"reply": inquiry.replies.create(body="Hi")})


def in_a_thread(work: Callable[[], object]) -> threading.Thread:
    def run() -> None:
        try:
            work()
        finally:
            connections.close_all()

    thread = threading.Thread(target=run)
    thread.start()
    return thread


def deliver_and_meanwhile(server: SmtpServer, mail: OutgoingMail, happens: Callable[[], object]) -> None:
    """A worker has claimed the mail and is connecting; the server answers once `happens` is committed."""
    gate = Gate()
    server.greet = gate.wait
    worker = in_a_thread(lambda: deliver_mail.call(str(mail.pk)))
    assert gate.reached.wait(10)
    happens()
    gate.opened.set()
    worker.join(10)


def test_nothing_happens_meanwhile_and_it_is_sent(server: SmtpServer) -> None:
    mail = answer(factories.inquiry(DAVE))
    deliver_and_meanwhile(server, mail, lambda: None)
    assert anew(mail).state == State.SENT
    assert len(server.messages) == 1


@pytest.mark.parametrize(
    ("happens", "refusal"),
    [
        (lambda: suppress(DAVE), "this person opted out of email"),
        (lambda: suppress(DAVE, "email", purpose="answer_inquiry"), "this person opted out of email"),
        (lambda: Inquiry.objects.update(state=Inquiry.State.CLOSED), "the reason no longer applies"),
    ],
)
def test_opt_out_while_the_worker_connects_stops_the_mail(
    server: SmtpServer, happens: Callable[[], object], refusal: str
) -> None:
    mail = answer(factories.inquiry(DAVE))
    deliver_and_meanwhile(server, mail, happens)
    assert (anew(mail).state, anew(mail).refusal) == (State.REFUSED, refusal)
    assert server.recipients == []


def test_bounce_while_the_worker_connects_stops_the_mail(server: SmtpServer) -> None:
    mail = answer(factories.inquiry(DAVE))
    deliver_and_meanwhile(server, mail, lambda: mark_undeliverable(DAVE, code="550"))
    assert anew(mail).state == State.REFUSED
    assert server.recipients == []


def test_erasure_while_the_worker_connects_stops_the_mail(server: SmtpServer) -> None:
    mail = answer(factories.inquiry(DAVE))
    deliver_and_meanwhile(server, mail, lambda: erase_person(email=DAVE))
    assert not OutgoingMail.objects.exists()
    assert server.recipients == []


def test_of_many_mails_and_workers_none_starts_after_the_opt_out(server: SmtpServer) -> None:
    """Four workers go through forty mails while the person opts out: what had not left by then never does."""
    inquiry = factories.inquiry(DAVE)
    mails = [answer(inquiry) for _ in range(40)]
    opted_out, after = threading.Event(), []

    def greet() -> None:
        after.append(opted_out.is_set())

    server.greet = greet

    def deliver(mail: OutgoingMail) -> None:
        try:
            deliver_mail.call(str(mail.pk))
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as workers:
        done = [workers.submit(deliver, mail) for mail in mails[:20]]
        done[10].result()
        suppress(DAVE)
        sent_before = len(server.messages)
        opted_out.set()
        done += [workers.submit(deliver, mail) for mail in mails[20:]]
        [future.result() for future in done]
    states = OutgoingMail.objects.values_list("state", flat=True)
    assert 10 <= sent_before <= len(server.messages) <= sent_before + 4  # at most those on the wire already
    assert all(anew(mail).state == State.REFUSED for mail in mails[20:])
    assert set(states) == {State.SENT, State.REFUSED}
    assert list(states).count(State.SENT) == len(server.messages)


def test_a_mail_is_sent_once_though_two_workers_have_its_task(server: SmtpServer) -> None:
    mail = answer(factories.inquiry(DAVE))
    threads = [in_a_thread(lambda: deliver_mail.call(str(mail.pk))) for _ in range(4)]
    for thread in threads:
        thread.join(10)
    assert len(server.messages) == 1
    assert anew(mail).attempts == 1
