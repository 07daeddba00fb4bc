"""Counts visits that leave no row, and clicks whose row is deleted early."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.utils import timezone

from affiliates.models import DIMENSIONS, Click, PendingVisitCount

from .visit_kinds import Visit


def tally(affiliate: UUID, visit: Visit, click: Click | None = None) -> None:
    """Records a visit that leaves no row, with a single INSERT. `click` is one that could not be stored."""
    counts = {visit.value: 1, **({"unstored_clicks": 1} if visit is Visit.CLICK else {})}
    day = timezone.now().astimezone(UTC).date()
    PendingVisitCount.objects.create(affiliate_id=affiliate, day=day, **_dimensions(click), **counts)


def keep_deleted_click(click: Click, *, now: datetime) -> None:
    """Keeps a click in the statistics when its row is about to be deleted, even if it is not counted yet."""
    uncounted = 0 if click.counted else Click._base_manager.filter(pk=click.pk, counted=False).update(counted=True)
    early = click.expires_at > now
    if uncounted or early:
        PendingVisitCount.objects.create(
            affiliate_id=click.affiliate_id,
            day=click.clicked_at.astimezone(UTC).date(),
            **_dimensions(click),
            clicks=uncounted,
            unstored_clicks=1,
        )


def _dimensions(click: Click | None) -> dict[str, Any]:
    return {column: getattr(click, column) for column in DIMENSIONS.values()} if click else {}
