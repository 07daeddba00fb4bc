"""The model of heartbeats: when scheduled jobs last ran."""

from __future__ import annotations

from django.db import models

from privacy.encryption.models import UUID7Field
from privacy.registry.declarations import not_personal
from privacy.registry.growth import Bounded


@not_personal(
    "when the purge and housekeeping last ran, and when staff were notified of a problem",
    "id name at told_at",
    growth=Bounded("one row per kind of scheduled work"),
)
class Heartbeat(models.Model):
    """The last run of each kind of work. `migrate` creates the purge's row, so that a purge that never ran is late
    too."""

    id = UUID7Field(primary_key=True)
    name = models.CharField(max_length=30, unique=True)
    at = models.DateTimeField()
    told_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"heartbeat of the {self.name}"
