"""The model of erasures applied to this database."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone

from privacy.registry.declarations import not_personal
from privacy.registry.growth import Pruned


@not_personal(
    "erasures applied to this database, by random ID",
    "id applied_at",
    growth=Pruned(since="applied_at", days=settings.BACKUP_DAYS + 1, why="a day longer than its tombstone"),
)
class ErasureMark(models.Model):
    """An erasure that was applied to this database; its ID is that of the tombstone in the key store.

    A restored database lacks the marks of later erasures, which is how a restore is detected.
    """

    id = models.UUIDField(primary_key=True, editable=False)
    applied_at = models.DateTimeField(default=timezone.now, db_index=True)

    def __str__(self) -> str:
        return f"mark {str(self.pk)[-8:]}"
