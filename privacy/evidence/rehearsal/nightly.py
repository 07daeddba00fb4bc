"""Once a night, started by housekeeping: as a process of its own, so that no round waits for it."""

from __future__ import annotations

import subprocess
import sys
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings

from privacy.evidence.attack_history import AlreadyUnderWay, begin, fail, last_attempt, note_installation
from privacy.models.attack import AttackKind, Attempt

AGAIN_AFTER = timedelta(hours=1)  # one that failed, perhaps because the machine was stopped

_started: list[subprocess.Popen[bytes]] = []  # by this process; asked about in each round, so that none stays a zombie


def start_when_due(*, now: datetime) -> int:
    """At once on a site that was never attacked, then each night. Returns how many were started, 0 or 1.

    Of several processes that want to start one, one does: the attempt is begun here, before there is a process.
    """
    note_installation(now=now)
    _started[:] = [process for process in _started if process.poll() is None]
    if not settings.REHEARSE_NIGHTLY or not is_due(now=now):
        return 0
    try:
        attempt = begin(AttackKind.REHEARSAL, now=now)
    except AlreadyUnderWay:
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
    """The latest moment at which the business's clock showed the hour of the rehearsal."""
    local = now.astimezone(ZoneInfo(settings.BUSINESS["time_zone"]))
    night = local.replace(hour=settings.REHEARSAL_HOUR, minute=0, second=0, microsecond=0)
    return night if night <= local else night - timedelta(days=1)


def _start(attempt: Attempt) -> subprocess.Popen[bytes]:
    """It writes down by itself what came of it. In this process's group: what ends one, ends the other."""
    return subprocess.Popen(  # noqa: S603
        [sys.executable, str(settings.BASE_DIR / "manage.py"), "probe_promises", "--begun", str(attempt.pk)],
        cwd=settings.BASE_DIR,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
