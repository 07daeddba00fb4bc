"""Reminders of open quotes: few, in time, and none to anybody who stopped them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.core import mail
from django.test import Client
from pytest_django import Settings

from clients.models import Quote
from clients.quotes.reminders import remind_of_quotes
from privacy.consent.opt_outs import suppress
from privacy.erasure.erase import erase_person
from privacy.models import OutgoingMail
from privacy.registry.purposes import Channel
from tests.clients.conftest import Work, link, press

pytestmark = pytest.mark.django_db


def remind() -> int:
    return remind_of_quotes(now=datetime.now(UTC))


def test_client_is_reminded_twice_a_week_apart(sent: Quote, work: Work, clock: time_machine.Traveller) -> None:
    counts = []
    for _ in range(29):
        counts.append(remind())
        work()
        clock.shift(timedelta(days=1))
    assert [day for day, count in enumerate(counts) if count] == [7, 14]
    reminder = mail.outbox[-1]
    assert reminder.subject == f"Reminder of our quote ({sent.reference})"
    assert link() == link(0)
    assert reminder.extra_headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


def test_second_run_of_housekeeping_mails_nothing_more(sent: Quote, clock: time_machine.Traveller) -> None:
    clock.shift(timedelta(days=7))
    assert (remind(), remind()) == (1, 0)


def test_answered_quote_is_not_reminded_of(client: Client, sent: Quote, clock: time_machine.Traveller) -> None:
    clock.shift(timedelta(days=6))
    client.post(f"{link()}decline/", {"name": "Dave"})
    clock.shift(timedelta(days=2))
    assert remind() == 0


def test_reminder_that_waits_is_not_sent_once_the_quote_is_answered(
    client: Client, sent: Quote, work: Work, clock: time_machine.Traveller
) -> None:
    clock.shift(timedelta(days=7))
    assert remind() == 1
    client.post(f"{link()}decline/", {"name": "Dave"})
    work()
    assert [mail.subject for mail in mail.outbox if "Reminder" in mail.subject] == []
    assert OutgoingMail.objects.get(kind="clients/quote_reminder").state == "refused"


def test_whoever_opted_out_gets_no_reminder(sent: Quote, work: Work, clock: time_machine.Traveller) -> None:
    clock.shift(timedelta(days=7))
    suppress("dave@example.org", Channel.EMAIL)
    assert remind() == 0
    work()
    assert len(mail.outbox) == 1


def test_expired_quote_is_not_reminded_of(sent: Quote, clock: time_machine.Traveller) -> None:
    clock.shift(timedelta(days=40))
    assert remind() == 0


def test_setting_turns_reminders_off(sent: Quote, clock: time_machine.Traveller, settings: Settings) -> None:
    settings.QUOTE_REMINDERS = 0
    clock.shift(timedelta(days=7))
    assert remind() == 0


def test_nobody_is_mailed_who_opted_out_after_asking(staff: Client, quote: Quote) -> None:
    suppress("dave@example.org", Channel.EMAIL)
    assert "opted out" in press(staff, quote, "send")
    assert quote.is_draft


def test_erased_client_leaves_amounts_alone(client: Client, sent: Quote, clock: time_machine.Traveller) -> None:
    address = link()
    assert client.get(address).status_code == 200
    erase_person(email="dave@example.org")
    sent.refresh_from_db()
    assert (sent.name, sent.email, sent.title, sent.text) == (None, None, None, None)
    assert str(sent.total) == "$1,200.00"
    assert [line.description for line in sent.lines.all()] == [None, None]
    assert client.get(address).status_code == 404
    clock.shift(timedelta(days=7))
    assert remind() == 0
