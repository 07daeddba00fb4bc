"""Measures the jobs of a round of housekeeping, and stores how each went."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from .models import JobRun

FORGOTTEN_AFTER = timedelta(days=30)  # a job that this version no longer has

logger = logging.getLogger(__name__)
_runs: dict[str, JobRun] = {}


@contextmanager
def measured(name: str) -> Iterator[None]:
    """A job that raises has failed."""
    began, is_failed = time.monotonic(), True
    try:
        yield
        is_failed = False
    finally:
        seconds = time.monotonic() - began
        _runs[name] = JobRun(name=name, ended_at=timezone.now(), seconds=seconds, is_failed=is_failed)


def store_runs(*, now: datetime) -> None:
    """What was measured since the last time. A full disk must not stop housekeeping."""
    runs = [_runs.pop(name) for name in list(_runs)]  # other lanes measure meanwhile
    try:
        with transaction.atomic():
            JobRun.objects.bulk_create(
                runs,
                update_conflicts=True,
                unique_fields=["name"],
                update_fields=["ended_at", "seconds", "is_failed"],
            )
            JobRun.objects.filter(name__in=[run.name for run in runs if run.is_failed]).update(
                failures=F("failures") + 1
            )
            JobRun.objects.filter(ended_at__lt=now - FORGOTTEN_AFTER).delete()
    except Exception:
        logger.exception("housekeeping: how the jobs went could not be stored")
