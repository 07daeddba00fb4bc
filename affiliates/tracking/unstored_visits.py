"""Counts visits that leave no row, and clicks whose row is deleted early."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

from django.utils import timezone

from affiliates.models import Click, PendingVisitCount

from .visit_kinds import Visit


def tally(affiliate: UUID, visit: Visit, *, label: UUID | None = None, landing: str = "") -> None:
    """Records a visit that leaves no row, with a single INSERT."""
    counts = {visit.value: 1, **({"unstored_clicks": 1} if visit is Visit.CLICK else {})}
    day = timezone.now().astimezone(UTC).date()
    PendingVisitCount.objects.create(affiliate_id=affiliate, day=day, label_id=label, landing=landing, **counts)


def keep_deleted_click(click: Click, *, now: datetime) -> None:
    """Keeps a click in the statistics when its row is about to be deleted, even if it is not counted yet."""
    uncounted = 0 if click.counted else Click._base_manager.filter(pk=click.pk, counted=False).update(counted=True)
    early = click.expires_at > now
    if uncounted or early:
        PendingVisitCount.objects.create(
            affiliate_id=click.affiliate_id,
            day=click.clicked_at.astimezone(UTC).date(),
            label_id=click.label_id,
            landing=click.landing_path,
            clicks=uncounted,
            unstored_clicks=1,
        )
