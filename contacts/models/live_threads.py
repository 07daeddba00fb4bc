"""A manager for rows that belong to a message: they expire with it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django.db import models
from django.db.models import F, Q, Value
from django.db.models.functions import Coalesce
from django.db.models.lookups import GreaterThan
from django.utils import timezone

FOREVER = datetime(9999, 12, 30, tzinfo=UTC)


def is_kept(column: str, now: datetime) -> Q:
    """Whether a row is unexpired. An empty date has no end yet: the person's agreement with us is in force.

    One comparison, so that no database answers it from an index of the column first: nearly every row is unexpired.
    """
    return Q(GreaterThan(Coalesce(F(column), Value(FOREVER)), now))


class LiveThreads(models.Manager[Any]):
    """For models with a foreign key `inquiry`. The purge uses `_base_manager`, which includes expired rows."""

    def get_queryset(self) -> models.QuerySet[Any]:
        return super().get_queryset().filter(is_kept("inquiry__keep_until", timezone.now()))
