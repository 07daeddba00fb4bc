"""Tells staff that housekeeping or the worker has stopped. Each is noticed by the one that still lives.

Housekeeping that has stopped is noticed by the worker, and by the site when staff open the admin. A worker that has
stopped is noticed by housekeeping, which then sends the mail itself. If both are dead, the dead-man ping is missing
(`ping.py`).
"""

from __future__ import annotations

import logging
import threading
import time
from datetime import datetime

from django.conf import settings
from django.db import connections, transaction
from django.utils import timezone

from aitpro.backups.last_backup import is_backup_late
from privacy.erasure.heartbeat import has_purge_stopped, is_housekeeping_late, notify_if_housekeeping_stopped
from privacy.mail.sending import deliver_alarms, queue_mail
from privacy.mails import WORKER_STOPPED
from privacy.models import Heartbeat
from privacy.registry.purpose_binding import upkeep

from .queue import is_queue_late

EVERY = 60  # seconds
QUEUE = "queue"  # the heartbeat that remembers whether staff were told of the worker

logger = logging.getLogger(__name__)


def watch_in_background() -> None:
    """In a thread of the worker, which also looks while a task takes long, or the worker's loop hangs."""
    threading.Thread(target=_watch, name="watch", daemon=True).start()


def _watch() -> None:
    while True:
        time.sleep(EVERY)
        try:
            notify_of_stopped_housekeeping(now=timezone.now())
        except Exception as error:  # the database may be away for a while
            logger.warning("housekeeping could not be watched: %s", type(error).__name__)
        finally:
            connections.close_all()


@upkeep
def notify_of_stopped_housekeeping(*, now: datetime) -> None:
    """One mail after 15 minutes, and another one after two hours, when visits are no longer stored."""
    notify_if_housekeeping_stopped(now=now)
    has_purge_stopped(now=now)


def notify_of_stopped_worker(*, now: datetime) -> int:
    """One mail each time that tasks begin to wait for long, sent from here. Returns how many were sent."""
    if not is_queue_late(now=now):
        Heartbeat.objects.filter(name=QUEUE).exclude(told_at=None).update(told_at=None)
        return 0
    heartbeat, _ = Heartbeat.objects.get_or_create(name=QUEUE, defaults={"at": now})
    with transaction.atomic():
        if Heartbeat.objects.filter(pk=heartbeat.pk, told_at=None).update(told_at=now, at=now):
            queue_mail(WORKER_STOPPED, to=settings.BUSINESS["email"], about=heartbeat, context={})
    return deliver_alarms(now=now)


def alarms(*, now: datetime) -> list[str]:
    """What all staff read on the admin's first page. Also mails, once, that housekeeping has stopped."""
    found = []
    if is_housekeeping_late(now=now):
        notify_of_stopped_housekeeping(now=now)
        found.append(
            "Housekeeping has stopped: nothing is deleted on time, and payments, mails and payouts that wait are not"
            " looked after."
        )
    if is_queue_late(now=now):
        found.append("Tasks have waited for 15 minutes: the worker has stopped or can't keep up. No mail is sent.")
    if is_backup_late(now=now):
        found.append("The last good backup is more than 36 hours old. Look at the log of `manage.py backup`.")
    return found
