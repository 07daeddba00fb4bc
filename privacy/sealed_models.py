"""The base of every model with sealed fields."""

from __future__ import annotations

import uuid

import uuid_utils.compat
from django.db import models


def uuid7() -> uuid.UUID:
    """A new UUID version 7 (RFC 9562): random bits behind the time, so that inserts stay in order."""
    return uuid_utils.compat.uuid7()


class SealedModel(models.Model):
    """Gives a row its name before it is written, because sealed values are bound to it."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        """What logs, the admin's history and error reports may show: never anything personal."""
        return f"{self._meta.verbose_name} {str(self.pk)[-8:]}"
