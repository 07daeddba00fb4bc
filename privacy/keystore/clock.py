"""Is the clock to be believed? One that is years ahead makes everything look expired.

Each housekeeping notes its time, in the main database and in the key store; the later of the two counts, because a
restored main database is rightly old. A clock that is more than a day away from it, in either direction, is not
believed: what acts by the clock waits until the clock agrees again, or a person says that it is right
(ADR 37).
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
    """The clock is `by` away from the last heartbeat, negative where it is behind."""

    last: datetime
    by: timedelta

    def __str__(self) -> str:
        way = "ahead of" if self.by > timedelta(0) else "behind"
        days = f"{abs(self.by).days} day{'' if abs(self.by).days == 1 else 's'}"
        return f"the clock is {days} {way} the last housekeeping, at {self.last:%-d %B %Y, %H:%M} UTC"


def clock_jump(*, now: datetime) -> ClockJump | None:
    """None for a clock that is believed, and before the first heartbeat. Two queries."""
    beats = [
        *Heartbeat.objects.filter(name=CLOCK).values_list("at", flat=True),
        *HousekeepingTime.objects.values_list("at", flat=True),
    ]
    if not beats:
        return None
    jump = ClockJump(max(beats), now - max(beats))
    return jump if abs(jump.by) > LARGEST_STEP else None


def beat(*, now: datetime) -> None:
    """Housekeeping runs, and believes its clock."""
    HousekeepingTime.objects.update_or_create(pk=HousekeepingTime.ONLY, defaults={"at": now})
    Heartbeat.objects.update_or_create(name=CLOCK, defaults={"at": now})


def confirm_clock(*, now: datetime) -> None:
    """A person says that the clock is right, whatever the heartbeats say."""
    with transaction.atomic():
        beat(now=now)
        record(action="privacy.clock.confirmed", about=Heartbeat.objects.get(name=CLOCK), actor=None)
