"""Heartbeats: when the purge last ran, and whether the clock is to be believed.

A promise to delete is worth as much as the job that deletes. When it has not run for two hours, new referral data is
not stored any more (the visitor's cookie still attributes a sale), the evidence turns red, and staff are told once.

And the job is worth as much as its clock: one that is years ahead makes everything look expired. Each housekeeping
notes its time, in the main database and in the key store; the later of the two counts, because a restored main database
is rightly old. A clock that is more than a day away from it, in either direction, is not believed: what acts by
the clock waits until the clock agrees again, or a person says that it is right (ADR 37).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from .audit.trail import record
from .expiring import LARGEST_STEP
from .keystore.models import HousekeepingTime
from .mail import queue_mail
from .mails import CLOCK_JUMPED, PURGE_STOPPED
from .models import Heartbeat

LATE_AFTER = timedelta(hours=2)

_PURGE, _CLOCK = "purge", "clock"


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
        *Heartbeat.objects.filter(name=_CLOCK).values_list("at", flat=True),
        *HousekeepingTime.objects.values_list("at", flat=True),
    ]
    if not beats:
        return None
    jump = ClockJump(max(beats), now - max(beats))
    return jump if abs(jump.by) > LARGEST_STEP else None


def beat(*, now: datetime) -> None:
    """Housekeeping runs, and believes its clock."""
    HousekeepingTime.objects.update_or_create(pk=HousekeepingTime.ONLY, defaults={"at": now})
    Heartbeat.objects.update_or_create(name=_CLOCK, defaults={"at": now})


def confirm_clock(*, now: datetime) -> None:
    """A person says that the clock is right, whatever the heartbeats say."""
    with transaction.atomic():
        beat(now=now)
        record(action="privacy.clock.confirmed", about=Heartbeat.objects.get(name=_CLOCK), actor=None)


def tell_of_jump(jump: ClockJump, *, now: datetime) -> None:
    """By mail to staff, once a day of that clock."""
    heartbeat, _ = Heartbeat.objects.get_or_create(name=_CLOCK, defaults={"at": jump.last})
    told_lately = Q(told_at__range=(now - LARGEST_STEP, now + LARGEST_STEP))
    with transaction.atomic():
        if Heartbeat.objects.filter(pk=heartbeat.pk).exclude(told_lately).update(told_at=now):
            queue_mail(CLOCK_JUMPED, to=settings.BUSINESS["email"], about=heartbeat, context={"jump": jump, "now": now})


def purge_ran(*, now: datetime) -> None:
    Heartbeat.objects.update_or_create(name=_PURGE, defaults={"at": now, "told_at": None})


def last_purge() -> datetime | None:
    return Heartbeat.objects.filter(name=_PURGE).values_list("at", flat=True).first()


def purge_has_stopped(*, now: datetime) -> bool:
    """Whether nothing may be stored that a purge has to delete in time: also while the clock is far behind. Costs one
    query, and the first time that the purge is late, a mail to staff."""
    beats = dict(Heartbeat.objects.filter(name__in=[_PURGE, _CLOCK]).values_list("name", "at"))
    if beats.get(_CLOCK, now) - now > LARGEST_STEP:
        return True
    if now - beats.get(_PURGE, now) < LATE_AFTER:
        return False
    _tell_staff_once(now)
    return True


def _tell_staff_once(now: datetime) -> None:
    if Heartbeat.objects.filter(name=_PURGE, told_at=None).update(told_at=now):
        heartbeat = Heartbeat.objects.get(name=_PURGE)
        queue_mail(PURGE_STOPPED, to=settings.BUSINESS["email"], about=heartbeat, context={})
