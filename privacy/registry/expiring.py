"""Rows with an expiry time: once expired they are invisible, whether or not the purge has run.

Also detects rows that were dated while the clock was ahead."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db import models
from django.utils import timezone

LARGEST_STEP = timedelta(days=1)  # of a trusted clock (`privacy.keystore.clock`)


def is_ahead(column: str, now: datetime) -> models.Q:
    """A time that should be past but is in the future, so the clock was ahead when it was written."""
    return models.Q(**{f"{column}__gt": now + LARGEST_STEP})


def is_due(column: str, now: datetime) -> models.Q:
    """Rows of a queue that are due, or were dated while the clock was ahead."""
    return models.Q(**{f"{column}__lte": now}) | is_ahead(column, now)


class ExpiringQuerySet(models.QuerySet[Any]):
    """For models with a column `expires_at`."""

    def live(self, now: datetime) -> ExpiringQuerySet:
        """Rows that haven't expired. A row that expires exactly now has."""
        return self.filter(expires_at__gt=now)


class LiveManager(models.Manager.from_queryset(ExpiringQuerySet)):  # type: ignore[misc]
    """Hides expired rows. The purge uses `_base_manager`, which includes them."""

    def get_queryset(self) -> ExpiringQuerySet:
        rows: ExpiringQuerySet = super().get_queryset()
        return rows.live(timezone.now())
