"""The model of housekeeping's jobs: when each ran last, and how it went."""

from __future__ import annotations

from django.db import models

from privacy.registry.declarations import not_personal
from privacy.registry.growth import Bounded


@not_personal(
    "when a job of housekeeping last ran, how long it took and how often it failed",
    "name ended_at seconds is_failed failures",
    growth=Bounded("one row per job"),
)
class JobRun(models.Model):
    """The last run of a job, by its name in `aitpro.housekeeping.JOBS`: as many rows as jobs."""

    name = models.CharField(max_length=60, primary_key=True)
    ended_at = models.DateTimeField()
    seconds = models.FloatField()
    is_failed = models.BooleanField()
    failures = models.PositiveBigIntegerField(default=0)  # ever

    def __str__(self) -> str:
        return self.name
