"""The key of one day, wrapped by a root key."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from privacy.registry import not_personal


@not_personal("the keys under which a day's referrals are sealed", "day key_id wrapped minted_at destroyed_at")
class DayKey(models.Model):
    """A destroyed key leaves its row behind without the key: the fence that keeps the day from getting another."""

    day = models.DateField(primary_key=True)
    key_id = models.BinaryField(max_length=4, unique=True)
    wrapped = models.BinaryField(null=True)
    minted_at = models.DateTimeField()
    destroyed_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["day"]
        constraints = [
            models.CheckConstraint(
                condition=Q(wrapped__isnull=False, destroyed_at__isnull=True)
                | Q(wrapped__isnull=True, destroyed_at__isnull=False),
                name="a_key_is_there_or_destroyed",
            )
        ]

    def __str__(self) -> str:
        return f"key of {self.day}"
