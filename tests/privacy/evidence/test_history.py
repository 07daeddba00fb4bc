"""When a promise broke and when it was mended is remembered, once, and staff are told."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from django.core import mail
from django.db import OperationalError
from django.test import Client
from django.utils import timezone

from privacy.evidence import attack_history, measurement
from privacy.evidence.history import record_changes
from privacy.evidence.measurement import Evidence, findings
from privacy.evidence.snapshot import refresh_evidence
from privacy.models.attack import AttackKind
from privacy.models.consent import UndeliverableAddress
from privacy.models.evidence import PromiseState
from privacy.registry.promises import PROMISES
from tests import factories

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock", "attacked")]


class Access:
    """Measures nothing but what a test says; so does every other promise, which stays kept."""

    def __init__(self) -> None:
        self.kept = True

    def __call__(self, now: object) -> Evidence:
        return Evidence(kept=self.kept, figures={"overdue": int(not self.kept)})


@pytest.fixture
def access(monkeypatch: pytest.MonkeyPatch) -> Access:
    found = Access()
    quiet = {promise: lambda now: Evidence(kept=True) for promise in measurement._measures}
    monkeypatch.setattr(measurement, "_measures", {**quiet, "access": found})
    return found


def note() -> int:
    return record_changes(findings(now=timezone.now()))


def test_the_first_look_begins_the_history_and_tells_nobody(access: Access, work: Callable[[], int]) -> None:
    assert note() == len(PROMISES)
    work()
    assert set(PromiseState.objects.values_list("kept", "ended_at")) == {(True, None)}
    assert mail.outbox == []


def test_a_change_is_noted_once(access: Access, clock: time_machine.Traveller, work: Callable[[], int]) -> None:
    note()
    clock.shift(timedelta(minutes=1))
    access.kept = False
    assert note() == 1
    clock.shift(timedelta(minutes=1))
    assert note() == 0
    work()
    assert [message.subject for message in mail.outbox] == ["A promise is broken: You can see everything"]


def test_outage_of_the_database_in_the_middle_of_the_measurement_breaks_no_promise(
    access: Access, monkeypatch: pytest.MonkeyPatch, work: Callable[[], int]
) -> None:
    note()
    with monkeypatch.context() as outage:
        outage.setattr(Access, "__call__", _lose_the_connection)
        with pytest.raises(OperationalError):
            note()
    assert note() == 0
    work()
    assert set(PromiseState.objects.values_list("kept", "ended_at")) == {(True, None)}
    assert mail.outbox == []


def _lose_the_connection(access: Access, now: object) -> Evidence:
    raise OperationalError("the connection was lost")


def test_staff_are_told_what_was_found_and_where(
    access: Access, clock: time_machine.Traveller, work: Callable[[], int]
) -> None:
    access.kept = False
    note()
    work()
    [message] = mail.outbox
    assert message.to == ["info@ait-pro.com"]
    assert "Overdue: 1" in message.body
    assert "/privacy/evidence/?promise=access#access" in message.body


def test_the_page_tells_from_when_to_when(access: Access, clock: time_machine.Traveller, client: Client) -> None:
    client.get("/privacy/evidence/")
    clock.shift(timedelta(hours=1))
    access.kept = False
    page = client.get("/privacy/evidence/").content.decode()
    assert f"{len(PROMISES) - 1} of {len(PROMISES)} promises are kept, 1 broken" in page
    assert "since March 2, 2026, 13:00 UTC" in page
    clock.shift(timedelta(hours=1))
    access.kept = True
    page = client.get("/privacy/evidence/").content.decode()
    assert f"{len(PROMISES)} of {len(PROMISES)} promises are kept" in page
    assert "Was broken from March 2, 2026, 13:00 to March 2, 2026, 14:00 UTC" in page


def test_staff_are_told_when_it_is_mended(
    access: Access, clock: time_machine.Traveller, work: Callable[[], int]
) -> None:
    for access.kept in (True, False, True):
        note()
        clock.shift(timedelta(minutes=5))
    work()
    subjects = [message.subject for message in mail.outbox]
    assert subjects == [
        "A promise is broken: You can see everything",
        "A promise is kept again: You can see everything",
    ]


def test_all_changes_of_one_measurement_are_told_in_one_mail(
    access: Access, clock: time_machine.Traveller, work: Callable[[], int]
) -> None:
    """An attack that failed turns every promise red."""
    note()
    clock.shift(timedelta(minutes=1))
    attempt = attack_history.begin(AttackKind.REHEARSAL, now=timezone.now())
    attack_history.fail(attempt, "it timed out", now=timezone.now())
    assert note() == len(PROMISES)
    clock.shift(timedelta(minutes=1))
    attack_history.record(attempt, factories.report(), now=timezone.now())
    access.kept = False
    assert note() == 18
    work()
    assert [message.subject for message in mail.outbox] == ["19 promises are broken", "18 promises are kept again"]
    for message in mail.outbox[:1]:
        assert all(message.body.count(f"?promise={promise.id}#{promise.id}") == 1 for promise in PROMISES)


def test_of_two_processes_at_once_one_notes_it(
    access: Access, clock: time_machine.Traveller, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both have read the state before either writes."""
    note()
    clock.shift(timedelta(minutes=1))
    access.kept = False
    before = list(PromiseState.objects.current())
    assert note() == 1
    monkeypatch.setattr(type(PromiseState.objects.all()), "current", lambda states: _Known(before))
    assert note() == 0
    assert PromiseState.objects.filter(promise="access").count() == 2


class _Known(list[PromiseState]):
    """What the slower process read; what it changes is looked up anew."""

    def filter(self, **conditions: object) -> object:
        return PromiseState.objects.filter(ended_at=None, **conditions)


def test_two_first_states_are_one(access: Access, monkeypatch: pytest.MonkeyPatch) -> None:
    note()
    monkeypatch.setattr(type(PromiseState.objects.all()), "current", lambda states: [])
    assert note() == 0
    assert PromiseState.objects.count() == len(PROMISES)


def test_an_older_measurement_changes_nothing(access: Access, clock: time_machine.Traveller) -> None:
    access.kept = False
    old = findings(now=timezone.now())
    clock.shift(timedelta(minutes=1))
    access.kept = True
    note()
    assert record_changes(old) == 0


def test_mail_that_comes_back_keeps_nothing_out_of_the_history(access: Access) -> None:
    UndeliverableAddress.objects.create(fingerprint="info@ait-pro.com", code="550 5.1.1")
    access.kept = False
    assert note() == len(PROMISES)


def test_housekeeping_notes_it(access: Access) -> None:
    access.kept = False
    assert refresh_evidence(now=timezone.now()) == 1
    assert PromiseState.objects.breaks().get().promise == "access"
