"""A manager for rows that belong to a message: they expire with it."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.utils import timezone


class LiveThreads(models.Manager[Any]):
    """For models with a foreign key `inquiry`. The purge uses `_base_manager`, which includes expired rows."""

    def get_queryset(self) -> models.QuerySet[Any]:
        return super().get_queryset().filter(inquiry__keep_until__gt=timezone.now())
