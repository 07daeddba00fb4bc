"""Terms of the shop, published."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.utils import timezone

from shop.models import ShopTerms
from shop.terms.publishing import publish_terms, start_next_version


def publish_first_terms() -> None:
    """The drafts that each site starts with, as of yesterday."""
    since = timezone.now() - timedelta(days=1)
    ShopTerms.objects.filter(number=1).update(effective_from=since, published_at=since)


def publish_next(document: str, *, adding: str = "And more.", effective_from: datetime | None = None) -> ShopTerms:
    last = ShopTerms.objects.filter(document=document).published().latest("number")
    draft = start_next_version(version=last, actor=None)
    draft.text, draft.changes = f"{last.text}\n\n{adding}", "We added something."
    draft.save()
    publish_terms(version=draft, effective_from=effective_from or timezone.now(), actor=None)
    draft.refresh_from_db()
    return draft
