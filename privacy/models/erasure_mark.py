"""Which erasures this database has seen."""

from __future__ import annotations

from django.db import models
from django.utils import timezone

from privacy.registry.declarations import not_personal


@not_personal("which erasures this database has seen, by random ids that lead to nobody", "id applied_at")
class ErasureMark(models.Model):
    """One erasure that this database took part in; its id is that of the tombstone in the key store.

    A database restored from a backup lacks the marks of later erasures: that is how it is told from the current one.
    """

    id = models.UUIDField(primary_key=True, editable=False)
    applied_at = models.DateTimeField(default=timezone.now, db_index=True)

    def __str__(self) -> str:
        return f"mark {str(self.pk)[-8:]}"
