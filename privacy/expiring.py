"""Rows that end at a moment of their own: after it they are not there, whether or not the purge has run."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import models
from django.utils import timezone


class ExpiringQuerySet(models.QuerySet[Any]):
    """For models with a column `expires_at`."""

    def live(self, now: datetime) -> ExpiringQuerySet:
        """What may still be read: a row that ends exactly now is over."""
        return self.filter(expires_at__gt=now)


class LiveManager(models.Manager.from_queryset(ExpiringQuerySet)):  # type: ignore[misc]
    """Expired rows are not reached by accident. The purge uses `_base_manager`, which has them."""

    def get_queryset(self) -> ExpiringQuerySet:
        rows: ExpiringQuerySet = super().get_queryset()
        return rows.live(timezone.now())
