"""The repeating work: harmless twice, and one failing step stops no other."""

from __future__ import annotations

import ast
import threading
from datetime import datetime, timedelta
from io import StringIO
from pathlib import Path

import pytest
import time_machine
from django.conf import settings
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from accounts.models import User
from accounts.models.session import Session
from accounts.passwords.link import send_password_link
from affiliates.models import Affiliate, Click, Commission
from aitpro import housekeeping
from aitpro.housekeeping import Lane, housekeep
from shop.models import Product
from tests import factories
from tests.affiliates.sales import balance, sale
from tests.own_apps import OWN_APPS
from tests.worker import run_due_tasks

pytestmark = [pytest.mark.exhaustive, pytest.mark.django_db, pytest.mark.usefixtures("clock")]


@pytest.fixture
def due(alice: Affiliate, product: Product, client: Client, clock: time_machine.Traveller) -> None:
    """A month later: a click to purge, a commission past its hold, a session that ended."""
    factories.click(alice)
    sale(alice, product)
    client.force_login(alice.user)
    clock.shift(timedelta(days=31))


@pytest.mark.usefixtures("due")
def test_housekeeping_does_everything_due(alice: Affiliate) -> None:
    assert Session.objects.exists()
    done = housekeep(now=timezone.now())
    assert done["expired rows purged"] == 2  # the click, and the receipt in the outgoing mail
    assert done["commissions past their hold"] == 1
    assert done["sessions ended"] == 1
    assert not Click.objects.exists()
    assert not Session.objects.exists()
    assert Commission.objects.get().state == "approved"


@pytest.mark.usefixtures("due")
def test_second_housekeeping_finds_nothing(alice: Affiliate) -> None:
    housekeep(now=timezone.now())
    assert not {step: done for step, done in housekeep(now=timezone.now()).items() if done != 0}
    assert balance(alice) == "$17.99"


@pytest.mark.usefixtures("due")
def test_a_failing_step_stops_no_other(monkeypatch: pytest.MonkeyPatch, alice: Affiliate) -> None:
    def fail(now: datetime) -> int:
        raise RuntimeError

    first = next(iter(housekeeping.JOBS))
    monkeypatch.setitem(housekeeping.JOBS, first, housekeeping.Job(fail))
    done = housekeep(now=timezone.now())
    assert done.pop(first) is None
    assert None not in done.values()
    assert Commission.objects.get().state == "approved"


def test_the_command_lists_what_it_did() -> None:
    out = StringIO()
    call_command("housekeeping", stdout=out)
    lines = out.getvalue().splitlines()
    assert len(lines) == len(housekeeping.JOBS)
    assert "commissions past their hold: 0" in lines


def test_the_command_fails_when_a_step_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(now: datetime) -> int:
        raise RuntimeError

    monkeypatch.setitem(housekeeping.JOBS, "mails due", housekeeping.Job(fail))
    out = StringIO()
    with pytest.raises(CommandError, match="Some of the work failed"):
        call_command("housekeeping", stdout=out)
    assert "mails due: failed, see the log" in out.getvalue()


def test_a_lane_that_waits_for_a_server_keeps_no_other_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    rounds: list[Lane] = []

    def housekeep(*, now: datetime, lanes: list[Lane]) -> dict[str, int | None]:
        [lane] = lanes
        rounds.append(lane)
        if lane is not Lane.HERE:
            threading.Event().wait()  # silent for ever; the thread ends with the process
        if {Lane.PAYPAL, Lane.MAILBOX} < set(rounds) and rounds.count(Lane.HERE) > 5:
            raise KeyboardInterrupt
        return {}

    monkeypatch.setattr("aitpro.management.commands.housekeeping.housekeep", housekeep)
    for name in ("require_ready", "close_old_connections"):  # the threads would outlive the tests' database
        monkeypatch.setattr(f"aitpro.management.commands.housekeeping.{name}", lambda: None)
    call_command("housekeeping", every=0)
    assert (rounds.count(Lane.PAYPAL), rounds.count(Lane.MAILBOX)) == (1, 1)


def test_the_command_does_one_lane_alone() -> None:
    out = StringIO()
    call_command("housekeeping", lane=["here"], stdout=out)
    assert "expired rows purged" in out.getvalue()
    assert "payments updated" not in out.getvalue()


def test_only_jobs_of_a_lane_of_their_own_wait_for_another_server(due: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is due, no connection is made."""
    asked: list[str] = []
    for path in ("shop.paypal.gateway._gateway", "contacts.incoming_mail.mailbox.BoundedIMAPClient"):
        monkeypatch.setattr(path, lambda *args, path=path, **options: asked.append(path))
    monkeypatch.setattr("privacy.web.bounded_sockets.connect", lambda *args, **options: asked.append("a server"))
    assert None not in housekeep(now=timezone.now(), lanes=[Lane.HERE]).values()
    assert asked == []


@pytest.mark.usefixtures("due")
def test_housekeeping_asks_paypal_nothing_without_open_payments() -> None:
    done = housekeep(now=timezone.now())
    assert (done["payments updated"], done["refunds updated"], done["payout runs updated"]) == (0, 0, 0)


def test_finished_tasks_are_forgotten_after_a_week(clock: time_machine.Traveller) -> None:
    factories.user(email="erin@example.org")
    send_password_link(User.objects.get())
    assert run_due_tasks() == 1
    clock.shift(timedelta(days=7, seconds=-1))
    assert housekeep(now=timezone.now())["old rows pruned"] == 0
    clock.shift(timedelta(seconds=1))
    assert housekeep(now=timezone.now())["old rows pruned"] == 1


def test_a_task_that_waits_is_not_forgotten(clock: time_machine.Traveller) -> None:
    factories.user(email="erin@example.org")
    send_password_link(User.objects.get())
    clock.shift(timedelta(days=30))
    assert housekeep(now=timezone.now())["old rows pruned"] == 0
    assert DBTaskResult.objects.ready().exists()


def imported_names() -> set[str]:
    """What some module of the apps imports by name from another package of its own or of another app."""
    names: set[str] = set()
    for app in OWN_APPS:
        for path in Path(settings.BASE_DIR, app).rglob("*.py"):
            if path.name != "__init__.py":
                for node in ast.walk(ast.parse(path.read_text())):
                    names |= {each.name for each in node.names} if isinstance(node, ast.ImportFrom) else set()
    return names


def repeating_jobs() -> set[str]:
    """Functions that take the time alone and return how many rows they worked on, as repeating jobs do."""
    jobs: set[str] = set()
    for app in OWN_APPS:
        for path in Path(settings.BASE_DIR, app).rglob("*.py"):
            for node in ast.parse(path.read_text()).body:
                if isinstance(node, ast.FunctionDef) and ast.unparse(node.args) == "*, now: datetime":
                    jobs |= {node.name} if ast.unparse(node.returns or node) == "int" else set()
    return jobs


def test_no_repeating_job_is_left_out_of_housekeeping() -> None:
    assert len(repeating_jobs()) > 20
    assert {name for name in repeating_jobs() - imported_names() if not name.startswith("_")} == set()
