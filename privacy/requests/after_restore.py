"""What a restored database would let in again: links of this floor that worked at the time of the backup."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.dispatch import receiver

from privacy.models import AccessArchive, PrivacyRequest
from privacy.signals import database_restored


@receiver(database_restored)
def end_links(*, now: datetime, **news: Any) -> str:
    """They may have been used since. Whoever still needs one asks again."""
    ended = PrivacyRequest.objects.filter(link_expires_at__gt=now).update(link_expires_at=now)
    ended += PrivacyRequest.objects.filter(correction_expires_at__gt=now).update(correction_expires_at=now)
    ended += AccessArchive.objects.update(expires_at=now)
    return f"Links of privacy requests and archives ended: {ended}."
