"""The demo's past, lived through in order: each step runs the site's own code with the clock set to its time."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta

import time_machine
from django_tasks_db.models import DBTaskResult

from privacy.mail.sending import deliver_mail
from privacy.models import OutgoingMail

LEAST = 45  # days: messages, requests and applications are that old, however short the sales
MAILED_FOR = timedelta(days=30)  # as long as a sent mail is kept


class Timeline:
    """Steps until now; sales begin `days` ago. `chance` is the same at every run, so each demo is."""

    def __init__(self, *, now: datetime, days: int) -> None:
        self.now, self.days = now, days
        self.chance = random.Random(2026)  # noqa: S311
        self._steps: list[tuple[datetime, int, Callable[[], object]]] = []

    @property
    def start(self) -> datetime:
        return self.day(max(self.days, LEAST)) - timedelta(days=1)

    def day(self, ago: int) -> datetime:
        """The beginning of a day, in UTC."""
        return datetime.combine((self.now - timedelta(days=ago)).astimezone(UTC).date(), time(), UTC)

    def at(self, moment: datetime, step: Callable[[], object]) -> None:
        """Plans a step. One that would be in the future, or before the history, is left out."""
        if self.start <= moment < self.now:
            self._steps.append((moment, len(self._steps), step))

    def run(self) -> None:
        with time_machine.travel(self.start, tick=False) as clock:
            for moment, _, step in sorted(self._steps, key=lambda step: step[:2]):
                clock.move_to(moment)
                step()
                self._deliver(moment)
        DBTaskResult.objects.filter(task_path=deliver_mail.module_path, enqueued_at__lt=self.now).delete()

    def _deliver(self, moment: datetime) -> None:
        """Mail of long ago would have been sent and deleted since."""
        queued = OutgoingMail.objects.filter(state=OutgoingMail.State.QUEUED)
        if moment < self.now - MAILED_FOR:
            queued.delete()
            return
        for key in queued.values_list("pk", flat=True):
            deliver_mail.call(str(key))
