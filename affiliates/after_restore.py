"""Revokes what a restored database would make valid again: application links, and payout address changes that the
affiliate may have stopped since the backup."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.dispatch import receiver

from privacy.signals import database_restored

from .models import Application, PayoutEmailChange


@receiver(database_restored)
def end_what_waited(*, now: datetime, **news: Any) -> str:
    changes = PayoutEmailChange.objects.waiting().update(state=PayoutEmailChange.State.WITHDRAWN, ended_at=now)
    links = Application.objects.filter(link_expires_at__gt=now).update(link_expires_at=now)
    return f"Pending payout address changes withdrawn: {changes}. Application links revoked: {links}."
