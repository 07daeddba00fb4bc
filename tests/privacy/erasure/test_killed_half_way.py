"""kill -9 in the middle of a rotation, a purge or an erasure: done again, the end is the same."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import call_command
from django.utils import timezone
from pytest_django import Settings

from contacts.models import Inquiry
from privacy.encryption.keys import RootKey
from privacy.encryption.rotation import columns, left_under_older_keys
from privacy.models import KeyCheck
from tests import factories

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

OLD, NEW = RootKey(b"old.", b"o" * 32), RootKey(b"new.", b"n" * 32)
ROWS = 120
SLOWLY = """
import os, sys, time
import django
django.setup()
from django.db.backends.utils import CursorWrapper
execute = CursorWrapper.execute
def slowly(self, sql, params=None):
    if sql.lstrip().split(" ")[0] in ("UPDATE", "DELETE"):
        print("write", flush=True)
        time.sleep(0.02)
    return execute(self, sql, params)
CursorWrapper.execute = slowly
from django.core.management import call_command
call_command(*sys.argv[1:])
"""


def kill_in_the_middle(environment: dict[str, str], *command: str, after: int = 10) -> None:
    """Starts a command in a process of its own, and kills it with its n-th write to the database under way."""
    process = subprocess.Popen(
        [sys.executable, "-c", SLOWLY, *command],
        cwd=Path(settings.BASE_DIR),
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    with process.stdout as lines:
        written = sum(1 for _ in _first(lines, after))
    process.send_signal(signal.SIGKILL)
    assert process.wait(timeout=20) == -signal.SIGKILL
    assert written == after
    time.sleep(0.1)  # PostgreSQL notices that its client is gone


def _first(lines: Iterator[str], count: int) -> Iterator[str]:
    writes = (line for line in lines if line.startswith("write"))
    return (line for line, _ in zip(writes, range(count), strict=False))


def test_a_rotation_goes_on_where_it_was_killed(settings: Settings, environment: dict[str, str]) -> None:
    KeyCheck.objects.all().delete()  # that of the key which the test database was made with
    settings.ENCRYPTION_KEYS = OLD.written_out()
    for number in range(ROWS):
        factories.inquiry(email=f"dave{number}@example.org")
    settings.ENCRYPTION_KEYS = f"{NEW.written_out()},{OLD.written_out()}"
    everything = sum(left_under_older_keys(column) for column in columns())
    kill_in_the_middle(
        {**environment, "ENCRYPTION_KEYS": f"{NEW.written_out()},{OLD.written_out()}"}, "rotate_keys", after=30
    )
    left = sum(left_under_older_keys(column) for column in columns())
    assert 0 < left < everything
    call_command("rotate_keys")
    settings.ENCRYPTION_KEYS = NEW.written_out()
    assert {inquiry.message for inquiry in Inquiry.objects.all()} == {"Hello?"}
    assert Inquiry.objects.filter(email_index="DAVE7@example.org").count() == 1


def test_a_purge_is_finished_by_the_next_one(environment: dict[str, str]) -> None:
    old = timezone.now() - timedelta(days=731)
    for number in range(ROWS):
        factories.inquiry(email=f"dave{number}@example.org", received_at=old)
    young = factories.inquiry(email="erin@example.org")
    kill_in_the_middle(environment, "purge_expired", after=1)
    call_command("purge_expired")
    assert [inquiry.pk for inquiry in Inquiry.objects.all()] == [young.pk]


def test_an_erasure_is_whole_or_not_at_all(environment: dict[str, str]) -> None:
    for _ in range(ROWS):
        factories.inquiry(email="dave@example.org")
    kill_in_the_middle(environment, "erase_person", "dave@example.org", after=1)
    assert Inquiry.objects.count() == ROWS
    call_command("erase_person", "dave@example.org")
    assert not Inquiry.objects.exists()
