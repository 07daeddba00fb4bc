"""After a restore: ends links of privacy requests that were valid at the time of the backup."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.dispatch import receiver

from privacy.models import AccessArchive, PrivacyRequest
from privacy.signals import database_restored


@receiver(database_restored)
def end_links(*, now: datetime, **news: Any) -> str:
    """Ends all links, because they may have been used since the backup. People can request new ones."""
    ended = PrivacyRequest.objects.filter(link_expires_at__gt=now).update(link_expires_at=now)
    ended += PrivacyRequest.objects.filter(correction_expires_at__gt=now).update(correction_expires_at=now)
    ended += AccessArchive.objects.update(expires_at=now)
    return f"Links of privacy requests and archives ended: {ended}."
