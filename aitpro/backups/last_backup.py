"""When the last good backup was made, for the health page and the staff."""

from __future__ import annotations

from datetime import datetime, timedelta

from privacy.models import Heartbeat

BACKUP = "backup"
LATE_AFTER = timedelta(hours=36)


def last_backup() -> datetime | None:
    """The time of the data in the last good backup; None if there was none. One query."""
    return Heartbeat.objects.filter(name=BACKUP).values_list("at", flat=True).first()


def is_backup_late(*, now: datetime) -> bool:
    """Not if no backup was ever made here: the operator may have another way."""
    last = last_backup()
    return last is not None and now - last >= LATE_AFTER


def record_backup(*, at: datetime) -> None:
    Heartbeat.objects.update_or_create(name=BACKUP, defaults={"at": at})
