"""Attempts at servers that fail, stall, drip and lie: each ends, is recorded, and is tried again for three days."""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.db import connection, transaction
from django.utils import timezone

from affiliates.endpoints import delivery as module
from affiliates.endpoints.delivery import WAITS, deliver_due, send_delivery
from affiliates.endpoints.managing import pause, replace_secret, resume, send_again
from affiliates.endpoints.outbox import announce_payouts
from affiliates.endpoints.verify_event import verify
from affiliates.models import Endpoint, EndpointAttempt, EndpointDelivery, EventKind, PayoutItem, PayoutRun
from privacy.audit.models import AuditEntry
from privacy.erasure.retention import purge_expired
from privacy.web import public_https
from tests.worker import run_due_tasks

from .receiver import ADDRESS, NAME, OK, Internet, Receiver, reset

pytestmark = pytest.mark.usefixtures("clock")

HOUR = timedelta(hours=1)


def payout_event(endpoint: Endpoint) -> EndpointDelivery:
    """An event that is due at once."""
    with transaction.atomic():
        run = PayoutRun.objects.create(currency="USD")
        item = PayoutItem.objects.create(run=run, affiliate=endpoint.affiliate, amount_minor=1799, currency="USD")
        announce_payouts(EventKind.PAYOUT_PAID, [item])
    return EndpointDelivery.objects.latest("created_at", "pk")


@pytest.fixture
def event(endpoint: Endpoint) -> EndpointDelivery:
    return payout_event(endpoint)


def attempts() -> list[tuple[str, int | None]]:
    return list(EndpointAttempt.objects.order_by("pk").values_list("outcome", "status"))


def work() -> None:
    """What is due now, until nothing is."""
    run_due_tasks()
    while deliver_due(now=timezone.now()):
        run_due_tasks()


def drip(line: ssl.SSLSocket) -> None:
    while True:
        line.sendall(b"H")
        time.sleep(0.02)


def huge(line: ssl.SSLSocket) -> None:
    line.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000000\r\n\r\n")
    while True:
        line.sendall(b"x" * 65536)


def endless_headers(line: ssl.SSLSocket) -> None:
    line.sendall(b"HTTP/1.1 200 OK\r\n")
    while True:
        line.sendall(b"x: y\r\n" * 1000)


@pytest.mark.parametrize(
    ("answer", "outcome", "status"),
    [
        (lambda line: line.sendall(OK), "accepted", 204),
        (huge, "accepted", 200),
        (lambda line: line.sendall(b"HTTP/1.1 500 no\r\n\r\n"), "refused", 500),
        (lambda line: line.sendall(b"HTTP/1.1 302 x\r\nLocation: https://169.254.169.254/\r\n\r\n"), "refused", 302),
        (lambda line: line.sendall(b"HTTP/1.1 307 x\r\nLocation: https://127.0.0.1/\r\n\r\n"), "refused", 307),
        (lambda line: line.sendall(b"SSH-2.0-OpenSSH\r\n"), "no_answer", None),
        (endless_headers, "no_answer", None),
        (lambda line: None, "no_answer", None),
        (reset, "no_answer", None),
        (drip, "timed_out", None),
        (lambda line: time.sleep(0.6), "timed_out", None),
    ],
    ids=["ok", "huge", "500", "redirect", "redirect2", "ssh", "headers", "closed", "reset", "drip", "stall"],
)
def test_answer_is_recorded_and_ends(
    net: Internet,
    event: EndpointDelivery,
    monkeypatch: pytest.MonkeyPatch,
    answer: Callable[[ssl.SSLSocket], None],
    outcome: str,
    status: int | None,
) -> None:
    monkeypatch.setattr(module, "ANSWER_WITHIN", 0.3 if outcome == "timed_out" else 5)
    net.receiver.answer = answer
    began = time.monotonic()
    run_due_tasks()
    assert time.monotonic() - began < 3
    assert attempts() == [(outcome, status)]
    assert net.connections == [f"{ADDRESS}:443"]
    event.refresh_from_db()
    assert event.state == ("delivered" if outcome == "accepted" else "waiting")


def test_certificate_for_another_name_is_refused(net: Internet, event: EndpointDelivery) -> None:
    net.names["other.example.com"] = [[ADDRESS]]
    event.endpoint.url = "https://other.example.com/"
    event.endpoint.save(update_fields=["url"])
    run_due_tasks()
    assert attempts() == [("certificate", None)]
    assert net.receiver.requests == []


def test_certificate_of_an_unknown_authority_is_refused(
    net: Internet, event: EndpointDelivery, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    run_due_tasks()
    assert attempts() == [("certificate", None)]
    assert net.receiver.requests == []


@pytest.mark.parametrize(
    "addresses",
    [["169.254.169.254"], ["127.0.0.1"], [ADDRESS, "10.0.0.1"], ["::ffff:169.254.169.254"], None],
)
def test_name_without_public_address_gets_no_connection(
    net: Internet, event: EndpointDelivery, addresses: list[str] | None
) -> None:
    """The affiliate reads the same whether the name exists: which names exist in this network is nobody's business."""
    if addresses is None:
        del net.names[NAME]
    else:
        net.names[NAME] = [addresses]
    run_due_tasks()
    assert attempts() == [("not_public", None)]
    assert net.connections == []


def test_rebound_name_is_resolved_once_per_attempt(
    clock: time_machine.Traveller, net: Internet, event: EndpointDelivery
) -> None:
    """A name server that says a public address first and a private one afterward."""
    net.names[NAME] = [[ADDRESS], ["127.0.0.1"]]
    net.receiver.answers(503)
    run_due_tasks()
    assert (net.lookups, net.connections) == ([NAME], [f"{ADDRESS}:443"])
    clock.shift(HOUR)
    work()
    assert net.lookups == [NAME, NAME]
    assert net.connections == [f"{ADDRESS}:443"]
    assert attempts() == [("refused", 503), ("not_public", None)]


def test_proxy_of_the_environment_is_not_used(
    net: Internet, event: EndpointDelivery, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("https_proxy", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://10.0.0.1:3128")
    run_due_tasks()
    assert net.connections == [f"{ADDRESS}:443"]
    assert attempts() == [("accepted", 204)]


def test_failed_event_is_tried_for_three_days_and_then_dead(
    clock: time_machine.Traveller, server: Receiver, event: EndpointDelivery
) -> None:
    server.answers(500)
    began = timezone.now()
    run_due_tasks()
    waits = []
    while EndpointDelivery.objects.filter(pk=event.pk, state="waiting").exists():
        event.refresh_from_db()
        waits.append(event.due_at - timezone.now())
        Endpoint.objects.update(quiet_until=began)
        clock.move_to(event.due_at)
        work()
    assert len(server.requests) == len(WAITS) + 1 == 10
    assert all(0.8 * planned <= wait <= 1.2 * planned for wait, planned in zip(waits, WAITS, strict=True))
    assert timedelta(days=2.4) < timezone.now() - began < timedelta(days=3.6)
    assert {request.headers["webhook-id"] for request in server.requests} == {event.message_id}
    assert len({request.body for request in server.requests}) == 1
    event.refresh_from_db()
    assert event.state == "dead"
    clock.shift(timedelta(days=1))
    work()
    assert len(server.requests) == 10


def test_second_worker_does_not_send_the_same_attempt(
    server: Receiver, event: EndpointDelivery, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It gets the same task while the first one waits for the server."""
    posted: list[Any] = []

    def post(*args: Any, **options: Any) -> int:
        posted.append(args)
        send_delivery.call(str(event.pk))
        assert deliver_due(now=timezone.now()) == 0
        return public_https.post(*args, **options)

    monkeypatch.setattr(module, "post", post)
    send_delivery.call(str(event.pk))
    send_delivery.call(str(event.pk))
    assert len(posted) == len(server.requests) == EndpointAttempt.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_no_transaction_is_open_while_a_server_answers(
    server: Receiver, event: EndpointDelivery, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_: list[bool] = []

    def post(*args: Any, **options: Any) -> int:
        open_.append(connection.in_atomic_block)
        return public_https.post(*args, **options)

    monkeypatch.setattr(module, "post", post)
    send_delivery.call(str(event.pk))
    assert open_ == [False]


def test_event_of_a_dead_worker_is_sent_again_under_its_id(
    clock: time_machine.Traveller, server: Receiver, event: EndpointDelivery, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        pass

    def die(*args: Any) -> None:
        raise Killed

    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(module, "_record_attempt", die)
        send_delivery.call(str(event.pk))
    clock.shift(timedelta(minutes=9))
    work()
    assert len(server.requests) == 1
    clock.shift(timedelta(minutes=2))
    work()
    assert [request.headers["webhook-id"] for request in server.requests] == [event.message_id] * 2
    event.refresh_from_db()
    assert (event.state, event.attempts) == ("delivered", 2)


def test_late_worker_changes_nothing_that_another_did(
    clock: time_machine.Traveller, server: Receiver, event: EndpointDelivery, monkeypatch: pytest.MonkeyPatch
) -> None:
    def slow(*args: Any, **options: Any) -> int:
        monkeypatch.setattr(module, "post", public_https.post)
        clock.shift(timedelta(minutes=11))
        work()
        return 500

    monkeypatch.setattr(module, "post", slow)
    send_delivery.call(str(event.pk))
    event.refresh_from_db()
    assert event.state == "delivered"
    assert attempts() == [("accepted", 204)]


def test_endpoint_deleted_during_an_attempt_leaves_nothing(
    server: Receiver, event: EndpointDelivery, monkeypatch: pytest.MonkeyPatch
) -> None:
    def post(*args: Any, **options: Any) -> int:
        Endpoint.objects.all().delete()
        return 200

    monkeypatch.setattr(module, "post", post)
    send_delivery.call(str(event.pk))
    assert EndpointAttempt.objects.count() == 0


def test_failing_endpoint_is_left_alone_for_a_while(
    clock: time_machine.Traveller, server: Receiver, endpoint: Endpoint
) -> None:
    """So that one whose server never answers costs the worker one wait, however many events it has."""
    server.answers(500)
    for _ in range(5):
        payout_event(endpoint)
    work()
    assert len(server.requests) == 1
    clock.shift(timedelta(minutes=1))
    work()
    assert len(server.requests) == 2
    server.answers(200)
    clock.shift(timedelta(minutes=2))
    work()
    assert {row.state for row in EndpointDelivery.objects.all()} == {"delivered"}


def test_endpoint_that_fails_for_days_is_disabled_with_a_mail(
    clock: time_machine.Traveller, server: Receiver, endpoint: Endpoint
) -> None:
    server.answers(500)
    for _ in range(6):
        payout_event(endpoint)
        work()
        endpoint.refresh_from_db()
        assert endpoint.is_active
        clock.shift(timedelta(hours=23))
    mail.outbox.clear()
    tried = len(server.requests)
    for _ in range(2):
        payout_event(endpoint)
        work()
        clock.shift(timedelta(hours=2))
    endpoint.refresh_from_db()
    assert endpoint.state == "disabled"
    assert len(server.requests) == tried + 1
    [message] = mail.outbox
    assert (message.subject, message.to) == ("We no longer send events to your server", ["alice@example.com"])
    assert f"/affiliates/portal/endpoints/{endpoint.pk}/" in message.body
    assert AuditEntry.objects.filter(action="affiliates.endpoint.disabled").count() == 1
    server.answers(200)
    resume(endpoint, now=timezone.now())
    work()
    endpoint.refresh_from_db()
    assert (endpoint.state, endpoint.failing_since) == ("active", None)
    assert not EndpointDelivery.objects.filter(state="waiting", due_at__lte=timezone.now()).exists()


def test_server_that_is_gone_is_asked_no_more(server: Receiver, event: EndpointDelivery) -> None:
    server.answers(410)
    work()
    event.endpoint.refresh_from_db()
    assert event.endpoint.state == "disabled"


def test_events_of_a_paused_endpoint_wait(server: Receiver, endpoint: Endpoint) -> None:
    pause(endpoint)
    event = payout_event(endpoint)
    work()
    assert server.requests == []
    resume(endpoint, now=timezone.now())
    work()
    assert [request.headers["webhook-id"] for request in server.requests] == [event.message_id]


def test_delivered_event_can_be_sent_again_under_its_id(server: Receiver, event: EndpointDelivery) -> None:
    work()
    assert send_again(EndpointDelivery.objects.all(), event.endpoint, now=timezone.now()) == 1
    assert send_again(EndpointDelivery.objects.all(), event.endpoint, now=timezone.now()) == 0
    work()
    assert [request.headers["webhook-id"] for request in server.requests] == [event.message_id] * 2


def test_both_secrets_sign_for_a_day(clock: time_machine.Traveller, server: Receiver, endpoint: Endpoint) -> None:
    former, secret = str(endpoint.secret), replace_secret(endpoint, now=timezone.now())
    clock.shift(timedelta(hours=23, minutes=59))
    payout_event(endpoint)
    work()
    for each in (former, secret):
        verify(each, server.requests[-1].headers, server.requests[-1].body)
    assert len(server.requests[-1].headers["webhook-signature"].split()) == 2
    clock.shift(timedelta(minutes=1))
    payout_event(endpoint)
    run_due_tasks()
    verify(secret, server.requests[-1].headers, server.requests[-1].body)
    with pytest.raises(ValueError, match="signature"):
        verify(former, server.requests[-1].headers, server.requests[-1].body)
    deliver_due(now=timezone.now())
    endpoint.refresh_from_db()
    assert (endpoint.previous_secret, endpoint.previous_until) == (None, None)


def test_events_are_kept_for_thirty_days(
    clock: time_machine.Traveller, server: Receiver, event: EndpointDelivery
) -> None:
    work()
    clock.shift(timedelta(days=29, hours=23))
    purge_expired(now=timezone.now())
    assert EndpointAttempt.objects.count() == 1
    clock.shift(timedelta(hours=2))
    purge_expired(now=timezone.now())
    assert EndpointDelivery.objects.count() == EndpointAttempt.objects.count() == 0
