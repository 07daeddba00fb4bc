"""What outsiders found turns exactly that promise red, stays in the history, and is over when nothing is found."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.conf import settings
from django.core import mail
from django.utils import timezone

from privacy.erasure.heartbeat import ATTACKS
from privacy.evidence import attack_history, measurement
from privacy.evidence.measurement import Evidence, Finding, findings
from privacy.evidence.rehearsal.nightly import start_when_due
from privacy.evidence.rehearsal.report import FoundBreach
from privacy.evidence.snapshot import take_snapshot
from privacy.models import Heartbeat
from privacy.models.attack import AttackKind, Attempt
from privacy.models.attack import Breach as Open
from privacy.registry.promises import PROMISES
from tests import factories

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock", "measured_as_kept")]
ALL = {promise.id for promise in PROMISES}
PLACE = "message of a writer in contacts_inquiry.topic"


@pytest.fixture
def measured_as_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the site measures of itself is well: what is red is so by an attack."""
    monkeypatch.setattr(measurement, "_measures", {promise: lambda now: Evidence(kept=True) for promise in ALL})


@pytest.fixture
def installed(clock: time_machine.Traveller) -> None:
    Heartbeat.objects.filter(name=ATTACKS).update(at=timezone.now())


def found(promise: str) -> Finding:
    return next(each for each in findings(now=timezone.now()) if each.promise.id == promise)


def red() -> set[str]:
    return {each.promise.id for each in findings(now=timezone.now()) if each.is_broken}


def breach(promise: str = "encrypted", place: str = PLACE, **fields: Any) -> set[FoundBreach]:
    return {FoundBreach(promise, place, **fields)}


# --- Before the first attempt, and when it is long ago ----------------------------------------------------------------
@pytest.mark.usefixtures("installed")
def test_new_site_has_36_hours_for_its_first_attempt(clock: time_machine.Traveller) -> None:
    assert red() == set()
    assert found("access").figures["last attacked"] == "not yet"
    clock.shift(timedelta(hours=36) - timedelta(seconds=1))
    assert red() == set()
    clock.shift(timedelta(seconds=1))
    assert red() == ALL
    assert found("access").figures["problems with the attacks"] == "there has been no rehearsal yet"


def test_site_whose_installation_is_not_known_has_as_long_from_the_next_housekeeping(
    clock: time_machine.Traveller,
) -> None:
    Heartbeat.objects.filter(name=ATTACKS).delete()
    start_when_due(now=timezone.now())
    assert red() == set()
    clock.shift(timedelta(hours=36))
    start_when_due(now=timezone.now())
    assert red() == ALL


def test_last_good_attempt_is_good_for_36_hours(clock: time_machine.Traveller) -> None:
    factories.attempt()
    clock.shift(timedelta(hours=36))
    assert red() == set()
    clock.shift(timedelta(seconds=1))
    assert red() == ALL
    assert "more than 36 hours ago" in str(found("access").figures["problems with the attacks"])


@pytest.mark.usefixtures("installed")
def test_attempt_dated_by_a_clock_that_ran_ahead_does_not_count(clock: time_machine.Traveller) -> None:
    clock.shift(timedelta(days=400))
    factories.attempts()
    assert red() == set()
    clock.shift(timedelta(days=2) - timedelta(days=400))
    assert red() == ALL


def test_figures_say_when_and_how_often_outsiders_tried() -> None:
    factories.attempt(attempts=Counter(dict.fromkeys(ALL, 12)), searches=Counter(access=700))
    figures = found("access").figures
    assert figures["last attacked"] == "March 2, 2026, 12:00 UTC"
    assert (figures["attempts"], figures["searches"]) == (12, 700)


def test_promise_that_nothing_tried_is_red() -> None:
    factories.attempt(attempts=Counter(dict.fromkeys(ALL - {"access"}, 1)), searches=Counter(encrypted=5))
    assert red() == {"access"}
    assert found("access").figures["problems with the attacks"] == "the last rehearsal did not test it"


# --- What is found ----------------------------------------------------------------------------------------------------
def test_breach_turns_exactly_its_promise_red_and_says_where_and_since_when(clock: time_machine.Traveller) -> None:
    factories.attempt(breaches=breach())
    clock.shift(timedelta(hours=20))
    factories.attempt(breaches=breach())
    assert red() == {"encrypted"}
    assert found("encrypted").figures[f"found: {PLACE}"] == "since March 2, 2026, 12:00 UTC"
    [row] = Open.objects.all()
    assert row.last_found_at - row.found_at == timedelta(hours=20)


def test_probe_that_could_not_run_breaks_its_promise_and_is_reported() -> None:
    factories.attempt(breaches=breach(tried=False))
    assert red() == {"encrypted"}
    assert f"could not be tried: {PLACE}" in found("encrypted").figures


def test_breach_that_is_found_no_more_is_over_and_stays_on_record(clock: time_machine.Traveller) -> None:
    factories.attempt(breaches=breach())
    clock.shift(timedelta(hours=20))
    factories.attempt()
    assert red() == set()
    assert Open.objects.get().ended_at == timezone.now()
    factories.attempt(breaches=breach())
    assert Open.objects.count() == 2


def test_attempt_of_the_other_kind_ends_no_breach() -> None:
    factories.attempt(breaches=breach())
    factories.attempt(AttackKind.SWEEP)
    assert red() == {"encrypted"}


def test_place_longer_than_its_column_is_cut_and_found_again() -> None:
    for _ in range(2):
        factories.attempt(breaches=breach(place="x" * 500))
    assert red() == {"encrypted"}
    assert Open.objects.get().place == "x" * 300


def test_many_places_are_counted() -> None:
    factories.attempt(breaches={FoundBreach("encrypted", f"column {number:02}") for number in range(25)})
    figures = found("encrypted").figures
    assert sum(name.startswith("found: ") for name in figures) == 10
    assert figures["more places"] == 15


def test_history_notes_it_and_staff_are_told_where(work: Callable[[], int], clock: time_machine.Traveller) -> None:
    factories.attempt()
    take_snapshot(now=timezone.now())
    clock.shift(timedelta(hours=1))
    factories.attempt(breaches=breach())
    row = next(row for row in take_snapshot(now=timezone.now()).rows if row.finding.promise.id == "encrypted")
    assert row.since == timezone.now()
    work()
    [message] = mail.outbox
    assert message.subject == "A promise is broken: Everything private is encrypted"
    assert PLACE in message.body


# --- An attempt that fails --------------------------------------------------------------------------------------------
def test_failed_attempt_is_red_for_everything_it_had_to_try_until_one_succeeds() -> None:
    factories.attempt()
    attack_history.fail(
        attack_history.begin(AttackKind.REHEARSAL, now=timezone.now()), "it ended with code 1", now=timezone.now()
    )
    assert red() == ALL
    assert "could not be tried: the whole attempt failed" in found("access").figures
    factories.attempt()
    assert red() == set()


def test_failed_sweep_is_red_for_what_sweeps_have_to_try(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(attack_history._covered, AttackKind.SWEEP, set())
    attack_history.covers(AttackKind.SWEEP, "encrypted")
    Heartbeat.objects.filter(name=ATTACKS).update(at=timezone.now() - timedelta(hours=36))
    factories.attempt()
    assert red() == {"encrypted"}
    factories.attempt(AttackKind.SWEEP)
    assert red() == set()
    attack_history.fail(attack_history.begin(AttackKind.SWEEP, now=timezone.now()), "it crashed", now=timezone.now())
    assert red() == {"encrypted"}


def test_only_a_promise_can_be_covered() -> None:
    with pytest.raises(ValueError, match="there is no promise kindness"):
        attack_history.covers(AttackKind.SWEEP, "kindness")


def test_of_two_at_once_the_second_is_refused() -> None:
    attack_history.begin(AttackKind.REHEARSAL, now=timezone.now())
    attack_history.begin(AttackKind.SWEEP, now=timezone.now())
    with pytest.raises(attack_history.AlreadyRunning, match="A rehearsal is already running"):
        attack_history.begin(AttackKind.REHEARSAL, now=timezone.now())


def test_attempt_that_was_killed_is_red_when_its_time_is_over(clock: time_machine.Traveller) -> None:
    factories.attempt()
    attack_history.begin(AttackKind.REHEARSAL, now=timezone.now())
    assert red() == set()
    clock.shift(timedelta(seconds=settings.REHEARSAL_SECONDS) + attack_history.GRACE)
    assert red() == ALL
    assert found("access").figures["problems with the attacks"] == "the last rehearsal never ended"
    attack_history.begin(AttackKind.REHEARSAL, now=timezone.now())
    assert Attempt.objects.filter(state="failed").get().reason.startswith("it never ended")


def test_report_that_comes_late_still_counts(clock: time_machine.Traveller) -> None:
    attempt = attack_history.begin(AttackKind.REHEARSAL, now=timezone.now())
    clock.shift(timedelta(minutes=30))
    attack_history.fail(attempt, "it never ended", now=timezone.now())
    attack_history.record(attempt, factories.report(), now=timezone.now())
    assert red() == set()
    attack_history.fail(attempt, "it never ended", now=timezone.now())
    assert red() == set()


def test_attack_history_that_can_not_be_read_counts_as_no_attack(monkeypatch: pytest.MonkeyPatch) -> None:
    factories.attempt()
    monkeypatch.setattr(attack_history, "open_breaches", lambda: Open.objects.extra(where=["nothing = 1"]).get())
    assert red() == ALL
    assert found("access").figures["last attacked"] == "can't be read"
