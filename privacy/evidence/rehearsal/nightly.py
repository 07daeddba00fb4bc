"""Starts the nightly rehearsal from housekeeping, in a separate process, so that housekeeping doesn't wait."""

from __future__ import annotations

import subprocess
import sys
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings

from privacy.evidence.attack_history import AlreadyRunning, begin, fail, last_attempt, record_installation
from privacy.models.attack import AttackKind, Attempt

AGAIN_AFTER = timedelta(hours=1)  # retry interval after a failure

_started: list[subprocess.Popen[bytes]] = []  # child processes; polled each time to reap zombies


def start_when_due(*, now: datetime) -> int:
    """Starts a rehearsal on a new site immediately, then each night. Returns how many were started, 0 or 1.

    The attempt is created before its process, so that only one of several processes starts one.
    """
    record_installation(now=now)
    _started[:] = [process for process in _started if process.poll() is None]
    if not settings.REHEARSE_NIGHTLY or not is_due(now=now):
        return 0
    try:
        attempt = begin(AttackKind.REHEARSAL, now=now)
    except AlreadyRunning:
        return 0
    try:
        _started.append(_start(attempt))
    except OSError as error:
        fail(attempt, f"its process could not be started: {error.strerror}", now=now)
        return 0
    return 1


def is_due(*, now: datetime) -> bool:
    last = last_attempt(AttackKind.REHEARSAL, now=now)
    if last is None:
        return True
    if last.state == Attempt.State.FAILED or last.is_overdue(now):
        return now - last.began_at >= AGAIN_AFTER
    return last.began_at < last_night(now)


def last_night(now: datetime) -> datetime:
    """The most recent time at which it was `REHEARSAL_HOUR` in the business's time zone."""
    local = now.astimezone(ZoneInfo(settings.BUSINESS["time_zone"]))
    night = local.replace(hour=settings.REHEARSAL_HOUR, minute=0, second=0, microsecond=0)
    return night if night <= local else night - timedelta(days=1)


def _start(attempt: Attempt) -> subprocess.Popen[bytes]:
    """Starts the process, which records its own result. It is in this process's group, so both end together."""
    return subprocess.Popen(  # noqa: S603
        [sys.executable, str(settings.BASE_DIR / "manage.py"), "probe_promises", "--begun", str(attempt.pk)],
        cwd=settings.BASE_DIR,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
