"""`manage.py probe_promises` says what broke, remembers it, and fails when anything did, or was not tried."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.cache import caches
from django.core.management import CommandError, call_command
from django.db import OperationalError
from django.utils import timezone
from django_tasks_db.models import DBTaskResult
from pytest_django import Settings

from accounts.passwords.link import send_password_link
from privacy.evidence import attack_history
from privacy.evidence.rehearsal import attempts, nightly
from privacy.evidence.rehearsal.live_health import not_tried_while_down
from privacy.evidence.rehearsal.report import FoundBreach, RehearsalReport
from privacy.evidence.rehearsal.scratch_copy import RehearsalFailed
from privacy.management.commands import probe_promises
from privacy.models.attack import AttackKind, Attempt
from privacy.models.attack import Breach as Open
from tests import factories
from tests.privacy.mail.smtp_server import mailers

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _signals() -> Iterator[None]:
    before = signal.getsignal(signal.SIGTERM)
    yield
    signal.signal(signal.SIGTERM, before)


class Rehearsed:
    """In place of a rehearsal: a report, or an error."""

    def __init__(self) -> None:
        self.report: RehearsalReport | BaseException = factories.report()

    def __call__(self, **options: Any) -> RehearsalReport:
        if isinstance(self.report, BaseException):
            raise self.report
        return self.report


@pytest.fixture
def rehearsed(monkeypatch: pytest.MonkeyPatch) -> Rehearsed:
    pretended = Rehearsed()
    monkeypatch.setattr(probe_promises, "rehearse", pretended)
    return pretended


def probe(*arguments: str) -> str:
    out = StringIO()
    call_command("probe_promises", "--only", "rehearsal", *arguments, stdout=out)
    return out.getvalue()


def test_probes_of_a_rehearsal_are_reported_and_stored(rehearsed: Rehearsed) -> None:
    assert probe() == "Rehearsal: 57 attempts, 57 searches, 0 promises broken.\n"
    attempt = Attempt.objects.get()
    assert (attempt.state, attempt.ways, attempt.attempts["access"]) == ("done", 100, 3)


def test_each_breach_has_its_line_and_the_exit_tells(rehearsed: Rehearsed, capsys: pytest.CaptureFixture[str]) -> None:
    breaches = {
        FoundBreach("access", "another's message in the archive"),
        FoundBreach("opt-out", "a page", tried=False),
    }
    rehearsed.report = factories.report(breaches=breaches)
    with pytest.raises(CommandError, match="2 promises are broken"):
        call_command("probe_promises", "--only", "rehearsal")
    lines = capsys.readouterr().out.splitlines()
    assert lines[:2] == ["access: another's message in the archive", "opt-out: not tried: a page"]
    assert Open.objects.count() == 2


def test_promise_that_no_probe_tried_is_broken(rehearsed: Rehearsed, capsys: pytest.CaptureFixture[str]) -> None:
    report = factories.report()
    del report.attempts["access"], report.searches["access"]
    rehearsed.report = report
    with pytest.raises(CommandError, match="1 promises are broken"):
        call_command("probe_promises", "--only", "rehearsal")
    assert "access: not tested: no probe tried it" in capsys.readouterr().out


def test_failed_rehearsal_is_told_and_remembered(rehearsed: Rehearsed) -> None:
    rehearsed.report = RehearsalFailed("it timed out")
    with pytest.raises(CommandError, match="The rehearsal failed: it timed out"):
        probe()
    attempt = Attempt.objects.get()
    assert (attempt.state, attempt.reason) == ("failed", "it timed out")


def test_crash_is_remembered_without_its_words(rehearsed: Rehearsed) -> None:
    rehearsed.report = ZeroDivisionError("secret")
    with pytest.raises(ZeroDivisionError):
        probe()
    attempt = Attempt.objects.get()
    assert (attempt.state, attempt.reason) == ("failed", "it failed with ZeroDivisionError")


def test_site_that_is_stopped_meanwhile_breaks_no_promise_and_is_attacked_anew(rehearsed: Rehearsed) -> None:
    rehearsed.report = KeyboardInterrupt()
    with pytest.raises(KeyboardInterrupt):
        probe()
    assert not Attempt.objects.exists()
    assert not Open.objects.exists()
    assert nightly.is_due(now=timezone.now())


def test_second_one_at_the_same_time_is_refused(rehearsed: Rehearsed) -> None:
    attack_history.begin(AttackKind.REHEARSAL, now=timezone.now())
    with pytest.raises(CommandError, match="A rehearsal is already running"):
        probe()


def test_one_that_housekeeping_began_is_carried_out(rehearsed: Rehearsed) -> None:
    attempt = attack_history.begin(AttackKind.REHEARSAL, now=timezone.now())
    probe("--begun", str(attempt.pk))
    attempt.refresh_from_db()
    assert attempt.state == "done"


def test_without_options_each_kind_of_attack_is_made(rehearsed: Rehearsed, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also one that is added later: the page waits for each."""
    monkeypatch.setattr(probe_promises, "sweep", lambda: factories.report())
    out = StringIO()
    call_command("probe_promises", stdout=out)
    assert set(Attempt.objects.values_list("kind", "state")) == {(kind, "done") for kind in AttackKind}
    assert [line.partition(":")[0] for line in out.getvalue().splitlines()] == [str(kind.label) for kind in AttackKind]


# --- The site's own parts ---------------------------------------------------------------------------------------------
def down() -> dict[str, set[str]]:
    places: dict[str, set[str]] = {}
    for breach in not_tried_while_down(now=timezone.now()):
        assert not breach.tried
        places.setdefault(breach.place, set()).add(breach.promise)
    return places


def test_while_all_parts_work_nothing_is_missing() -> None:
    assert down() == {}


def test_mail_server_that_is_down_is_told(settings: Settings) -> None:
    settings.MAILERS = mailers(9)
    found = down()
    assert found.keys() == {"the mail server does not respond"}
    assert "contactable" in found["the mail server does not respond"]


def test_worker_that_is_down_is_told() -> None:
    send_password_link(factories.user("erin@example.org"))
    assert down() == {}
    DBTaskResult.objects.update(enqueued_at=timezone.now() - timedelta(minutes=11))
    assert down().keys() == {"the worker does not process tasks"}


def test_cache_that_is_down_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: object) -> None:
        raise OperationalError

    monkeypatch.setattr(type(caches["limits"]), "set", refuse)
    assert set.union(*down().values()) == {"encrypted"}


def test_rehearsal_is_red_for_what_is_down(monkeypatch: pytest.MonkeyPatch) -> None:
    missing = {FoundBreach("contactable", "the mail server does not respond", tried=False)}
    monkeypatch.setattr(attempts, "scratch_copy", lambda: _Copy())
    monkeypatch.setattr(attempts, "not_tried_while_down", lambda now: missing)
    assert attempts.rehearse().broken == {"contactable"}


class _Copy:
    def __enter__(self) -> _Copy:
        return self

    def __exit__(self, *error: object) -> None:
        return None

    def rehearse(self) -> RehearsalReport:
        return factories.report()
