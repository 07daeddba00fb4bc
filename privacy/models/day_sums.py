"""Where the sums by day of the reports stand (ADR 86)."""

from __future__ import annotations

from django.db import models

from privacy.registry.declarations import not_personal
from privacy.registry.growth import Bounded, Queue


@not_personal(
    "until which day the sums of a report are in their table",
    "subject version through",
    growth=Bounded("one row per report with sums by day"),
)
class SummedDays(models.Model):
    """Each finished day until `through` is in the table of sums, unless a `ChangedMoment` is in it. `version` says what
    a day is, and by what it was divided: sums of another version don't count."""

    subject = models.CharField(max_length=20, primary_key=True)
    version = models.CharField(max_length=200, blank=True)
    through = models.DateField(null=True)

    def __str__(self) -> str:
        return f"sums of {self.subject} until {self.through}"


@not_personal(
    "the moment of a sale that was changed since its day was summed; no order, no buyer",
    "id subject at",
    growth=Queue("finished days summed"),
)
class ChangedMoment(models.Model):
    """A moment whose day has to be summed again. Only database triggers write rows, in the transaction of the change;
    the scheduler deletes them when the day is summed."""

    subject = models.CharField(max_length=20)
    at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["subject", "at"], name="changed_moments_of_subject")]

    def __str__(self) -> str:
        return f"change of {self.subject}"


class DaySum(models.Model):
    """The sums of one day, currency and `key`; `by` says what the key is, and is empty for the whole day."""

    day = models.DateField()  # in the business's time zone
    currency = models.CharField(max_length=3)
    by = models.CharField(max_length=20, blank=True)
    key = models.CharField(max_length=120, blank=True)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"sums of {self.day}"
