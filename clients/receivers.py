"""Receivers of signals from `privacy`."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.dispatch import receiver

from privacy.encryption.tokens import generate_token
from privacy.signals import database_restored

from .models import Quote


@receiver(database_restored)
def end_links_to_quotes(*, now: datetime, **news: Any) -> str:
    """A quote that is open in the backup may have been answered, withdrawn or replaced since. Staff check each, and
    send its new link."""
    quotes = list(Quote._base_manager.filter(state__in=Quote.SENT_STATES))
    for quote in quotes:
        quote.link_token = generate_token()
        quote.save(update_fields=["link_token"])
    return f"Links of open quotes revoked: {len(quotes)}. Check each quote before you send its link again."
