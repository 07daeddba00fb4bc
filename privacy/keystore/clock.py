"""Whether the clock can be trusted. A clock that is years ahead would make everything look expired.

Each run of housekeeping stores its time in the main database and in the key store; the later one counts, because a
restored main database is older. A clock that differs from it by more than a day is not trusted: scheduled work
pauses until the clock is right again or the operator confirms it (ADR 37).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from privacy.audit.trail import record
from privacy.models import Heartbeat
from privacy.registry.expiring import LARGEST_STEP

from .models import HousekeepingTime

CLOCK = "clock"


@dataclass(frozen=True)
class ClockJump:
    """The clock differs from the last heartbeat by `by`; negative if it is behind."""

    last: datetime
    by: timedelta

    def __str__(self) -> str:
        way = "ahead of" if self.by > timedelta(0) else "behind"
        days = f"{abs(self.by).days} day{'' if abs(self.by).days == 1 else 's'}"
        return f"the clock is {days} {way} the last housekeeping, at {self.last:%B %-d, %Y, %H:%M} UTC"


def clock_jump(*, now: datetime) -> ClockJump | None:
    """None if the clock is trusted, or before the first heartbeat. Two queries."""
    beats = [
        *Heartbeat.objects.filter(name=CLOCK).values_list("at", flat=True),
        *HousekeepingTime.objects.values_list("at", flat=True),
    ]
    if not beats:
        return None
    jump = ClockJump(max(beats), now - max(beats))
    return jump if abs(jump.by) > LARGEST_STEP else None


def beat(*, now: datetime) -> None:
    """Records that housekeeping runs with a trusted clock."""
    HousekeepingTime.objects.update_or_create(pk=HousekeepingTime.ONLY, defaults={"at": now})
    Heartbeat.objects.update_or_create(name=CLOCK, defaults={"at": now})


def confirm_clock(*, now: datetime) -> None:
    """The operator confirms that the clock is right, regardless of the heartbeats."""
    with transaction.atomic():
        beat(now=now)
        record(action="privacy.clock.confirmed", about=Heartbeat.objects.get(name=CLOCK), actor=None)
