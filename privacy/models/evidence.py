"""Models of the evidence: since when each promise is kept or broken, and the last hourly measurements."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import models
from django.db.models import Q

from privacy.encryption.models import UUID7Field
from privacy.registry.declarations import not_personal
from privacy.registry.expiring import is_ahead
from privacy.registry.growth import Bounded, Kept


class PromiseStateQuerySet(models.QuerySet["PromiseState"]):
    def current(self) -> PromiseStateQuerySet:
        return self.filter(ended_at=None)

    def breaks(self) -> PromiseStateQuerySet:
        """Periods during which a promise was broken, latest first."""
        return self.filter(kept=False).order_by("-began_at")


@not_personal(
    "since when a promise is kept or broken",
    "id promise kept began_at ended_at",
    growth=Kept("the public history of each promise; a row is a change, never a repetition"),
)
class PromiseState(models.Model):
    """A period during which one promise was kept or broken. The current one has no end."""

    id = UUID7Field(primary_key=True)
    promise = models.CharField(max_length=40)
    kept = models.BooleanField()
    began_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    objects = PromiseStateQuerySet.as_manager()

    class Meta:
        ordering = ["-began_at"]
        constraints = [
            models.UniqueConstraint(fields=["promise"], condition=Q(ended_at=None), name="one_current_state_a_promise")
        ]

    def __str__(self) -> str:
        return f"{self.promise}: {'kept' if self.kept else 'broken'}"


class MeasurementQuerySet(models.QuerySet["Measurement"]):
    def newer_than(self, moment: datetime, *, now: datetime) -> dict[str, Measurement]:
        """Measurements by promise. One query."""
        return {m.promise: m for m in self.filter(~is_ahead("measured_at", now), measured_at__gt=moment)}

    def keep(self, promise: str, *, kept: bool, figures: dict[str, Any], at: datetime) -> None:
        self.update_or_create(promise=promise, defaults={"kept": kept, "figures": figures, "measured_at": at})


@not_personal(
    "the last measurement of a promise", "promise kept figures measured_at", growth=Bounded("one row per promise")
)
class Measurement(models.Model):
    """The latest evidence for a promise that is too expensive to measure every minute."""

    promise = models.CharField(max_length=40, primary_key=True)
    kept = models.BooleanField()
    figures = models.JSONField()
    measured_at = models.DateTimeField()

    objects = MeasurementQuerySet.as_manager()

    def __str__(self) -> str:
        return self.promise
