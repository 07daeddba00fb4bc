"""Heartbeats: when housekeeping and the purge last ran.

If housekeeping hasn't run for 15 minutes, staff are notified once. If the purge hasn't run for two hours, new referral
data is no longer stored (the visitor's cookie still attributes a sale), the evidence shows the promise as broken, and
staff are notified once more.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.apps import apps as installed_apps
from django.conf import settings
from django.db import router, transaction
from django.db.models import Q
from django.utils import timezone

from privacy.encryption.models import uuid7
from privacy.keystore.clock import CLOCK, ClockJump
from privacy.mail.sending import queue_mail
from privacy.mails import CLOCK_JUMPED, HOUSEKEEPING_STOPPED, PURGE_STOPPED
from privacy.models import Heartbeat
from privacy.registry.expiring import LARGEST_STEP

LATE_AFTER = timedelta(hours=2)
HOUSEKEEPING_LATE_AFTER = timedelta(minutes=15)

PURGE, ATTACKS = "purge", "attacks"
STOPPED = "stopped"  # the last heartbeat that staff were told of


def start_heartbeats(*, using: str, apps: Any = installed_apps, **_signal: Any) -> None:
    """Receives `post_migrate`. Lateness counts from the installation if the purge or the attacks have never run."""
    try:
        heartbeats = apps.get_model("privacy", "Heartbeat")
    except LookupError:  # migrated back to before the table existed
        return
    if router.allow_migrate_model(using, heartbeats):
        for name in (PURGE, ATTACKS):
            heartbeats.objects.using(using).get_or_create(name=name, defaults={"id": uuid7(), "at": timezone.now()})


def notify_of_clock_jump(jump: ClockJump, *, now: datetime) -> None:
    """Mails staff, once a day by that clock."""
    heartbeat, _ = Heartbeat.objects.get_or_create(name=CLOCK, defaults={"at": jump.last})
    told_lately = Q(told_at__range=(now - LARGEST_STEP, now + LARGEST_STEP))
    with transaction.atomic():
        if Heartbeat.objects.filter(pk=heartbeat.pk).exclude(told_lately).update(told_at=now):
            queue_mail(CLOCK_JUMPED, to=settings.BUSINESS["email"], about=heartbeat, context={"jump": jump, "now": now})


def last_housekeeping() -> datetime | None:
    """By the main database; the installation if it never ran. One query."""
    beats = dict(Heartbeat.objects.filter(name__in=[PURGE, CLOCK]).values_list("name", "at"))
    return beats.get(CLOCK) or beats.get(PURGE)


def is_housekeeping_late(*, now: datetime) -> bool:
    last = last_housekeeping()
    return last is None or now - last > HOUSEKEEPING_LATE_AFTER


def notify_if_housekeeping_stopped(*, now: datetime) -> None:
    """Mails staff once for each time that it stops. After a day it is a matter of the clock: `notify_of_clock_jump`."""
    last = last_housekeeping()
    if last is None or not HOUSEKEEPING_LATE_AFTER < now - last < LARGEST_STEP:
        return
    heartbeat, _ = Heartbeat.objects.get_or_create(name=STOPPED, defaults={"at": last - LARGEST_STEP})
    with transaction.atomic():
        if Heartbeat.objects.filter(pk=heartbeat.pk).exclude(at=last).update(at=last, told_at=now):
            queue_mail(HOUSEKEEPING_STOPPED, to=settings.BUSINESS["email"], about=heartbeat, context={"last": last})


def record_purge(*, now: datetime) -> None:
    Heartbeat.objects.update_or_create(name=PURGE, defaults={"at": now, "told_at": None})


def last_purge() -> datetime | None:
    return Heartbeat.objects.filter(name=PURGE).values_list("at", flat=True).first()


def has_purge_stopped(*, now: datetime) -> bool:
    """Whether data that has to be purged in time must not be stored: the purge is late, or the clock is far behind. One
    query; the first time the purge is late, also a mail to staff."""
    beats = dict(Heartbeat.objects.filter(name__in=[PURGE, CLOCK]).values_list("name", "at"))
    if beats.get(CLOCK, now) - now > LARGEST_STEP:
        return True
    if now - beats.get(PURGE, now) < LATE_AFTER:
        return False
    _tell_staff_once(now)
    return True


def _tell_staff_once(now: datetime) -> None:
    if Heartbeat.objects.filter(name=PURGE, told_at=None).update(told_at=now):
        heartbeat = Heartbeat.objects.get(name=PURGE)
        queue_mail(PURGE_STOPPED, to=settings.BUSINESS["email"], about=heartbeat, context={})
