"""The record of the site's attacks on its own promises: each run, and what it found."""

from __future__ import annotations

from datetime import datetime

from django.db import models
from django.db.models import Q

from privacy.encryption.models import UUID7Field
from privacy.registry.declarations import not_personal
from privacy.registry.expiring import LARGEST_STEP, is_ahead
from privacy.registry.growth import Pruned

LONGEST_PLACE = 300  # characters


class AttackKind(models.TextChoices):
    """Rehearsals run in a scratch copy; sweeps search the live data and only read."""

    REHEARSAL = "rehearsal"
    SWEEP = "sweep"


class AttemptQuerySet(models.QuerySet["Attempt"]):
    def made(self, now: datetime) -> AttemptQuerySet:
        """Latest first, without attempts from the future (made while the clock was ahead)."""
        return self.filter(~is_ahead("began_at", now)).order_by("-began_at")

    def superseded(self) -> AttemptQuerySet:
        """All but the last completed one of each kind, which the evidence shows however old it is."""
        last = self.model.objects.filter(state=Attempt.State.DONE, kind=models.OuterRef("kind")).order_by("-began_at")
        return self.exclude(pk=models.Subquery(last.values("pk")[:1]))


@not_personal(
    "when the site attacked its own promises, and how much was tried",
    "id kind state began_at due_at ended_at reason ways attempts searches probes unreached",
    growth=Pruned(since="began_at", days=90, rows="superseded", why="except the last completed one of each kind"),
)
class Attempt(models.Model):
    """One attack on all promises. `attempts` and `searches` count what was tried, by promise.

    An attempt that hasn't ended by `due_at` was killed and counts as failed.
    """

    class State(models.TextChoices):
        RUNNING = "running"
        DONE = "done"
        FAILED = "failed"

    id = UUID7Field(primary_key=True)
    kind = models.CharField(max_length=20, choices=AttackKind)
    state = models.CharField(max_length=10, choices=State, default=State.RUNNING)
    began_at = models.DateTimeField()
    due_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    reason = models.CharField(max_length=200, blank=True)
    ways = models.PositiveIntegerField(default=0)
    attempts = models.JSONField(default=dict)
    searches = models.JSONField(default=dict)
    probes = models.JSONField(default=dict)  # attempts plus searches, by promise and probe name
    unreached = models.JSONField(default=list)  # descriptions of what was not searched

    objects = AttemptQuerySet.as_manager()

    class Meta:
        ordering = ["-began_at"]
        constraints = [
            models.UniqueConstraint(fields=["kind"], condition=Q(state="running"), name="one_running_attempt_a_kind")
        ]

    def __str__(self) -> str:
        return f"{self.kind} of {self.began_at:%Y-%m-%d}: {self.state}"

    def is_overdue(self, now: datetime) -> bool:
        """Whether it should have ended. Also true if it was started while the clock was ahead."""
        return self.state == self.State.RUNNING and (self.due_at <= now or self.began_at > now + LARGEST_STEP)


class BreachQuerySet(models.QuerySet["Breach"]):
    def open(self) -> BreachQuerySet:
        return self.filter(ended_at=None)

    def untested(self) -> BreachQuerySet:
        """Places that an attack couldn't test; the promise's history has the time in which it counted as broken."""
        return self.filter(tried=False)


@not_personal(
    "where the site found one of its own promises broken: a column, a file's kind, a page; never a value",
    "id promise kind place tried found_at last_found_at ended_at",
    growth=Pruned(since="ended_at", days=365, rows="untested", why="if nothing was found; what was found stays public"),
)
class Breach(models.Model):
    """A place where attacks of one kind found a promise broken or, with `tried` false, couldn't test it. It stays open
    until an attack of the same kind finds nothing there."""

    id = UUID7Field(primary_key=True)
    promise = models.CharField(max_length=40)
    kind = models.CharField(max_length=20, choices=AttackKind)
    place = models.CharField(max_length=LONGEST_PLACE)
    tried = models.BooleanField()
    found_at = models.DateTimeField()
    last_found_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    objects = BreachQuerySet.as_manager()

    class Meta:
        ordering = ["promise", "place"]
        verbose_name_plural = "breaches"
        constraints = [
            models.UniqueConstraint(
                fields=["promise", "kind", "place"], condition=Q(ended_at=None), name="one_open_breach_a_place"
            )
        ]

    def __str__(self) -> str:
        return f"{self.promise}: {self.place}"
