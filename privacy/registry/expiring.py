"""Rows that end at a moment of their own: after it they are not there, whether or not the purge has run.

And rows whose moment was written by a clock that ran ahead."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db import models
from django.utils import timezone

LARGEST_STEP = timedelta(days=1)  # of a clock that is believed (`privacy.erasure.heartbeat`)


def is_ahead(column: str, now: datetime) -> models.Q:
    """A moment that is to lie in the past, written by a clock that ran ahead."""
    return models.Q(**{f"{column}__gt": now + LARGEST_STEP})


def is_due(column: str, now: datetime) -> models.Q:
    """A queue's rows whose time has come, or was set by a clock that ran ahead: none waits for longer than a day."""
    return models.Q(**{f"{column}__lte": now}) | is_ahead(column, now)


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
