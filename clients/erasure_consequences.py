"""Consequences of an erasure for a client."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils import timezone

from privacy.erasure.consequences import Consequence, consequence_source

from .models import Quote


@consequence_source
def open_quotes_end(email: str) -> Iterator[Consequence]:
    quotes = Quote.objects.open(timezone.now()).filter(email_index=email).order_by("created_at")
    if open_ones := ", ".join(quotes.values_list("reference", flat=True)):
        yield Consequence(text=f"You can't accept these quotes any more, and their links stop working: {open_ones}.")
