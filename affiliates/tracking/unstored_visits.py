"""Visits that leave no row, or whose row is deleted: noted for the roll-ups, which add them to the day's figures."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

from django.utils import timezone

from affiliates.models import Click, Tally

from .visit_kinds import Visit


def tally(affiliate: UUID, visit: Visit, *, label: UUID | None = None, landing: str = "") -> None:
    """Notes a visit that leaves no row. One INSERT, which waits for nobody."""
    counts = {visit.value: 1, **({"rowless": 1} if visit is Visit.CLICK else {})}
    day = timezone.now().astimezone(UTC).date()
    Tally.objects.create(affiliate_id=affiliate, day=day, label_id=label, landing=landing, **counts)


def note_deletion(click: Click, *, now: datetime) -> None:
    """A click's row is about to go: the figures keep it, also where the clock has not counted it yet."""
    uncounted = 0 if click.counted else Click._base_manager.filter(pk=click.pk, counted=False).update(counted=True)
    early = click.expires_at > now
    if uncounted or early:
        Tally.objects.create(
            affiliate_id=click.affiliate_id,
            day=click.clicked_at.astimezone(UTC).date(),
            label_id=click.label_id,
            landing=click.landing_path,
            clicks=uncounted,
            rowless=1,
        )
