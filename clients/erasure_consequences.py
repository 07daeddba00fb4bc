"""Consequences of an erasure for a client."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils import timezone

from privacy.erasure.consequences import Consequence, consequence_source
from privacy.registry.deadlines import local_day

from .models import Agreement, Quote


@consequence_source
def open_quotes_end(email: str) -> Iterator[Consequence]:
    quotes = Quote.objects.open(timezone.now()).filter(email_index=email).order_by("created_at")
    if open_ones := ", ".join(quotes.values_list("reference", flat=True)):
        yield Consequence(text=f"You can't accept these quotes any more, and their links stop working: {open_ones}.")


@consequence_source
def agreements_are_forgotten(email: str) -> Iterator[Consequence]:
    agreements = Agreement.objects.in_force(local_day(timezone.now())).filter(email_index=email)
    if in_force := ", ".join(agreements.order_by("starts_on").values_list("reference", flat=True)):
        yield Consequence(
            text=f"In force: {in_force}. We delete what was agreed, with all that we wrote to each other. Neither of us"
            " can look it up here any more; the agreement itself doesn't end by that."
        )
