"""Housekeeping or the worker has stopped: staff read it on their first page and in one mail."""

from __future__ import annotations

import threading
from datetime import timedelta
from types import SimpleNamespace

import pytest
import time_machine
from django.core import mail
from django.test import Client
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from aitpro.backups.last_backup import record_backup
from aitpro.health import watch
from aitpro.housekeeping import housekeep
from privacy.encryption.models import uuid7
from privacy.erasure.heartbeat import record_purge
from privacy.keystore.clock import beat
from privacy.mail.sending import deliver_mail
from privacy.models import OutgoingMail
from tests.running_site import wait_for
from tests.worker import run_due_tasks

HOUSEKEEPING, WORKER = "Housekeeping has stopped", "the worker has stopped"
BACKUP = "The last good backup is more than 36 hours old"


@pytest.fixture(autouse=True)
def lately(db: None, clock: time_machine.Traveller) -> None:
    beat(now=timezone.now())
    record_purge(now=timezone.now())


def first_page(staff: Client) -> str:
    response = staff.get("/admin/")
    assert response.status_code == 200
    return response.content.decode()


def subjects() -> list[str]:
    return [str(message.subject) for message in mail.outbox]


def test_staff_are_mailed_once_when_housekeeping_has_stopped(staff: Client, clock: time_machine.Traveller) -> None:
    assert HOUSEKEEPING not in first_page(staff)
    clock.shift(timedelta(minutes=16))
    for _ in range(3):
        assert HOUSEKEEPING in first_page(staff)
        run_due_tasks()
    assert subjects() == ["Housekeeping has stopped"]
    assert "March 2, 2026, 4:00 AM PST" in str(mail.outbox[0].body)


def test_staff_without_a_role_read_that_housekeeping_has_stopped(vera: object, clock: time_machine.Traveller) -> None:
    client = Client()
    client.force_login(vera)  # type: ignore[arg-type]
    assert HOUSEKEEPING not in first_page(client)
    clock.shift(timedelta(minutes=16))
    assert HOUSEKEEPING in first_page(client)


def test_staff_are_mailed_again_when_housekeeping_stops_again(clock: time_machine.Traveller) -> None:
    for _ in range(2):
        clock.shift(timedelta(minutes=16))
        for _ in range(3):
            watch.notify_of_stopped_housekeeping(now=timezone.now())
        beat(now=timezone.now())
    run_due_tasks()
    assert subjects() == ["Housekeeping has stopped"] * 2


def test_staff_are_mailed_once_more_when_visits_are_no_longer_stored(clock: time_machine.Traveller) -> None:
    for _ in range(9):
        clock.shift(timedelta(minutes=16))
        watch.notify_of_stopped_housekeeping(now=timezone.now())
        run_due_tasks()
    assert subjects() == ["Housekeeping has stopped", "The purge has stopped"]


def test_clock_that_jumped_is_another_matter(clock: time_machine.Traveller) -> None:
    clock.shift(timedelta(days=2))
    watch.notify_of_stopped_housekeeping(now=timezone.now())
    run_due_tasks()
    assert "Housekeeping has stopped" not in subjects()


@pytest.mark.django_db(transaction=True)
def test_the_worker_watches_housekeeping(clock: time_machine.Traveller, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its thread, with a connection of its own."""
    clock.shift(timedelta(minutes=16))
    looks = threading.Semaphore(3)  # then it sleeps for ever
    monkeypatch.setattr(watch, "time", SimpleNamespace(sleep=lambda seconds: looks.acquire()))
    watch.watch_in_background()
    wait_for(DBTaskResult.objects.exists, "the mail's task", 30)
    run_due_tasks()
    assert subjects() == ["Housekeeping has stopped"]


def test_staff_are_mailed_by_housekeeping_when_the_worker_has_stopped(
    staff: Client, clock: time_machine.Traveller
) -> None:
    deliver_mail.enqueue(str(uuid7()))
    assert WORKER not in first_page(staff)
    clock.shift(timedelta(minutes=16))
    assert WORKER in first_page(staff)
    for _ in range(3):
        housekeep(now=timezone.now())
        clock.shift(timedelta(minutes=1))
    assert sorted(subjects()) == ["Housekeeping has stopped", "The worker has stopped"]
    run_due_tasks()  # the worker lives again: nothing is sent twice
    assert sorted(subjects()) == ["Housekeeping has stopped", "The worker has stopped"]
    assert WORKER not in first_page(staff)


def test_staff_are_mailed_again_when_the_worker_stops_again(clock: time_machine.Traveller) -> None:
    for _ in range(2):
        deliver_mail.enqueue(str(uuid7()))
        clock.shift(timedelta(minutes=16))
        watch.notify_of_stopped_worker(now=timezone.now())
        watch.notify_of_stopped_worker(now=timezone.now())
        run_due_tasks()
        watch.notify_of_stopped_worker(now=timezone.now())
    assert subjects() == ["The worker has stopped"] * 2


def test_housekeeping_tries_again_while_the_mail_server_is_away(
    clock: time_machine.Traveller, monkeypatch: pytest.MonkeyPatch, settings: object
) -> None:
    working = settings.MAILERS  # type: ignore[attr-defined]
    settings.MAILERS = {  # type: ignore[attr-defined]
        "default": {
            "BACKEND": "django.core.mail.backends.smtp.EmailBackend",
            "OPTIONS": {"host": "127.0.0.1", "port": 1, "timeout": 1},
        }
    }
    deliver_mail.enqueue(str(uuid7()))
    clock.shift(timedelta(minutes=16))
    watch.notify_of_stopped_worker(now=timezone.now())
    assert [each.state for each in OutgoingMail.objects.all()] == ["queued"]
    settings.MAILERS = working  # type: ignore[attr-defined]
    clock.shift(timedelta(minutes=2))
    watch.notify_of_stopped_worker(now=timezone.now())
    assert subjects() == ["The worker has stopped"]


def test_first_page_says_that_the_last_backup_is_old(staff: Client, clock: time_machine.Traveller) -> None:
    assert BACKUP not in first_page(staff)  # none was ever made here
    record_backup(at=timezone.now())
    clock.shift(timedelta(hours=35))
    assert BACKUP not in first_page(staff)
    clock.shift(timedelta(hours=1))
    assert BACKUP in first_page(staff)
