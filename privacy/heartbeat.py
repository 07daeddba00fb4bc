"""The heartbeat of the purge: when it last ran, and what follows when it has stopped.

A promise to delete is worth as much as the job that deletes. When it has not run for two hours, new referral data is
not stored any more (the visitor's cookie still attributes a sale), the evidence turns red, and staff are told once.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings

from .mail import queue_mail
from .mails import PURGE_STOPPED
from .models import Heartbeat

LATE_AFTER = timedelta(hours=2)


def purge_ran(*, now: datetime) -> None:
    Heartbeat.objects.update_or_create(name="purge", defaults={"at": now, "told_at": None})


def last_purge() -> datetime | None:
    return Heartbeat.objects.filter(name="purge").values_list("at", flat=True).first()


def purge_has_stopped(*, now: datetime) -> bool:
    """Costs one query, and the first time it is true, a mail to staff."""
    at = last_purge()
    if at is None or now - at < LATE_AFTER:
        return False
    _tell_staff_once(now)
    return True


def _tell_staff_once(now: datetime) -> None:
    if Heartbeat.objects.filter(name="purge", told_at=None).update(told_at=now):
        heartbeat = Heartbeat.objects.get(name="purge")
        queue_mail(PURGE_STOPPED, to=settings.BUSINESS["email"], about=heartbeat, context={})
