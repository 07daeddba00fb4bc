"""Housekeeping has the promises attacked: at once on a new site, then each night, never twice at once."""

from __future__ import annotations

import subprocess
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone
from pytest_django import Settings

from aitpro.housekeeping import JOBS
from privacy.evidence import attack_history
from privacy.evidence.rehearsal import nightly
from privacy.models.attack import AttackKind, Attempt
from tests import factories

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]


class Started:
    """In place of a process."""

    def __init__(self, command: list[str], **options: Any) -> None:
        self.command, self.options = command, options
        self.code: int | None = None

    def poll(self) -> int | None:
        return self.code


@pytest.fixture(autouse=True)
def started(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> list[Started]:
    settings.REHEARSE_NIGHTLY = True
    processes: list[Started] = []

    def start(command: list[str], **options: Any) -> Started:
        processes.append(Started(command, **options))
        return processes[-1]

    monkeypatch.setattr(subprocess, "Popen", start)
    monkeypatch.setattr(nightly, "_started", [])
    return processes


def keep_house() -> int:
    return JOBS["rehearsals started"].run(timezone.now())


def test_new_site_is_attacked_at_once_and_once(started: list[Started]) -> None:
    assert [keep_house() for _ in range(3)] == [1, 0, 0]
    [process] = started
    assert process.command[2:] == ["probe_promises", "--begun", str(Attempt.objects.get().pk)]
    assert {process.options[name] for name in ("stdin", "stdout", "stderr")} == {subprocess.DEVNULL}


def test_next_one_comes_at_night_by_the_clock_of_the_business(clock: time_machine.Traveller) -> None:
    factories.attempt()  # noon UTC: 4 in the morning in Ventura
    clock.shift(timedelta(hours=22, minutes=59))
    assert keep_house() == 0
    clock.shift(timedelta(minutes=1))  # 3 in the morning
    assert keep_house() == 1


def test_machine_that_slept_through_the_night_makes_up_for_it(clock: time_machine.Traveller) -> None:
    factories.attempt()
    clock.shift(timedelta(hours=30))
    assert keep_house() == 1


def test_failed_one_is_repeated_after_an_hour(clock: time_machine.Traveller) -> None:
    attack_history.fail(attack_history.begin(AttackKind.REHEARSAL, now=timezone.now()), "killed", now=timezone.now())
    clock.shift(timedelta(minutes=59))
    assert keep_house() == 0
    clock.shift(timedelta(minutes=1))
    assert keep_house() == 1


def test_killed_one_is_repeated(clock: time_machine.Traveller) -> None:
    attack_history.begin(AttackKind.REHEARSAL, now=timezone.now())
    clock.shift(timedelta(hours=1))
    assert keep_house() == 1
    assert sorted(Attempt.objects.values_list("state", flat=True)) == ["failed", "running"]


def test_another_that_runs_is_left_alone(clock: time_machine.Traveller, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both machines found that it is time."""
    attack_history.begin(AttackKind.REHEARSAL, now=timezone.now())
    monkeypatch.setattr(nightly, "is_due", lambda now: True)
    assert keep_house() == 0


def test_process_that_cannot_be_started_is_a_failed_attempt(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: object, **options: object) -> None:
        raise OSError(12, "Cannot allocate memory")

    monkeypatch.setattr(subprocess, "Popen", refuse)
    assert keep_house() == 0
    assert Attempt.objects.get().reason == "its process could not be started: Cannot allocate memory"


def test_ended_process_is_asked_about_so_that_none_stays_a_zombie(started: list[Started]) -> None:
    keep_house()
    keep_house()
    assert [*map(id, nightly._started)] == [*map(id, started)]
    started[0].code = 0
    keep_house()
    assert nightly._started == []


def test_nightly_rehearsal_can_be_turned_off(settings: Settings) -> None:
    settings.REHEARSE_NIGHTLY = False
    assert keep_house() == 0
    assert not Attempt.objects.exists()
