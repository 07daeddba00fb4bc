"""A manager for rows that belong to a message: they expire with it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import models
from django.db.models import Q
from django.utils import timezone


def is_kept(column: str, now: datetime) -> Q:
    """Whether a row is unexpired. An empty date has no end yet: the person's agreement with us is in force."""
    return Q(**{f"{column}__isnull": True}) | Q(**{f"{column}__gt": now})


class LiveThreads(models.Manager[Any]):
    """For models with a foreign key `inquiry`. The purge uses `_base_manager`, which includes expired rows."""

    def get_queryset(self) -> models.QuerySet[Any]:
        return super().get_queryset().filter(is_kept("inquiry__keep_until", timezone.now()))
