"""How long tasks wait for the worker."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import Case, F, Min, When
from django_tasks_db.models import DBTaskResult

LATE_AFTER = timedelta(minutes=15)


def oldest_due(*, now: datetime) -> datetime | None:
    """Since when the task waits that is due the longest; None if none is due."""
    # `run_after` of a task without a time is in the year 9999.
    due_at = Case(When(run_after__lte=now, then=F("run_after")), default=F("enqueued_at"))
    found: datetime | None = DBTaskResult.objects.ready().order_by().aggregate(at=Min(due_at))["at"]
    return found


def is_queue_late(*, now: datetime) -> bool:
    """The worker has stopped, or can't keep up."""
    oldest = oldest_due(now=now)
    return oldest is not None and now - oldest > LATE_AFTER
