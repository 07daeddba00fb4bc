"""Real processes: the clock is killed, and the worker mails; there is no worker, and the clock mails."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings as site
from django.db.models import F
from django.test import Client
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from privacy.encryption.models import uuid7
from privacy.erasure.heartbeat import record_purge
from privacy.keystore.clock import CLOCK
from privacy.keystore.models import HousekeepingTime
from privacy.mail.sending import deliver_mail
from privacy.models import Heartbeat
from tests.running_site import wait_for

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

LONG = timedelta(minutes=20)
WORKER = """
import django
django.setup()
from django.core.management import call_command
from aitpro.health import watch
watch.EVERY = 1
call_command("db_worker", interval=0.2, reload=False, startup_delay=False)
"""


@pytest.fixture
def surroundings(environment: dict[str, str], tmp_path: Path) -> dict[str, str]:
    return {**environment, "DATA_DIR": str(tmp_path), "REHEARSE_NIGHTLY": "false"}


@contextmanager
def process(surroundings: dict[str, str], *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    started = subprocess.Popen([sys.executable, *arguments], cwd=site.BASE_DIR, env=surroundings)
    try:
        yield started
    finally:
        started.kill()
        started.wait()


def mails(folder: Path, subject: str) -> int:
    return sum(path.read_text().count(f"Subject: {subject}") for path in (folder / "mail").glob("*"))


def test_killed_clock_is_mailed_by_the_worker_and_shown_to_staff(
    surroundings: dict[str, str], tmp_path: Path, staff: Client
) -> None:
    with process(surroundings, "manage.py", "housekeeping", "--every", "1") as clock:
        wait_for(Heartbeat.objects.filter(name=CLOCK).exists, "the first round", 120)
        clock.kill()
        clock.wait()
    record_purge(now=timezone.now())
    Heartbeat.objects.update(at=F("at") - LONG)
    HousekeepingTime.objects.update(at=F("at") - LONG)
    with process(surroundings, "-c", WORKER):
        wait_for(lambda: mails(tmp_path, "Housekeeping has stopped"), "the mail", 120)
        assert "Housekeeping has stopped" in staff.get("/admin/").content.decode()
    assert mails(tmp_path, "Housekeeping has stopped") == 1


def test_tasks_without_a_worker_are_mailed_by_housekeeping(surroundings: dict[str, str], tmp_path: Path) -> None:
    deliver_mail.enqueue(str(uuid7()))
    DBTaskResult.objects.update(enqueued_at=timezone.now() - LONG)
    for _ in range(2):
        done = subprocess.run([sys.executable, "manage.py", "housekeeping"], cwd=site.BASE_DIR, env=surroundings)
        assert done.returncode == 0
    assert mails(tmp_path, "The worker has stopped") == 1
