"""The evidence of the promises that the affiliate program keeps."""

from __future__ import annotations

from datetime import datetime, timedelta

from privacy.evidence import Evidence, evidence_for
from privacy.heartbeat import LATE_AFTER, last_purge
from privacy.keystore.models import DayKey

from .models import REFERRAL_LIFE, Click


@evidence_for("referral-30-days")
def referrals_end(now: datetime) -> Evidence:
    """Broken when the purge has stopped, or a row lies here an hour longer than it may."""
    stored = Click._base_manager.order_by("expires_at").values_list("clicked_at", flat=True).first()
    purged = last_purge()
    oldest = None if stored is None else now - stored
    next_key = DayKey.objects.filter(destroyed_at=None).order_by("day").values_list("day", flat=True).first()
    in_time = oldest is None or oldest <= REFERRAL_LIFE + timedelta(hours=1)
    return Evidence(
        kept=in_time and purged is not None and now - purged < LATE_AFTER,
        figures={
            "age of the oldest stored referral": "none is stored" if oldest is None else f"{oldest.days} days",
            "last purge": "never" if purged is None else f"{purged:%-d %B %Y, %H:%M} UTC",
            "next day whose key is destroyed": None if next_key is None else f"{next_key + REFERRAL_LIFE:%-d %B %Y}",
        },
    )
