"""Opting out of further contact."""

from __future__ import annotations

from django.utils import timezone

from .models import Suppression
from .purposes import Channel


def suppress(email: str, *channels: Channel) -> None:
    """Closes the channels, all of them if none is named. Asked again, the wish is as young as its repetition: it also
    ends what the person asked for in between."""
    for channel in channels or tuple(Channel):
        Suppression.objects.update_or_create(
            email_index=email,
            channel=channel,
            defaults={"created_at": timezone.now()},
            create_defaults={"fingerprint": email, "created_at": timezone.now()},
        )
