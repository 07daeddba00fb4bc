"""Affiliates' links to pages that staff wrote, and to addresses that have moved since."""

from __future__ import annotations

from django.utils import timezone

from .models import Page
from .redirects import target_of


def find_page(path: str) -> str:
    """The public page at this address, or where its redirect leads; empty if there is neither."""
    if not path.isprintable():
        return ""
    page = Page.objects.published(timezone.now()).filter(slug=path.strip("/")).first()
    return page.get_absolute_url() if page else target_of(path)


def listed_pages() -> list[tuple[str, str]]:
    """Path and title of each public page."""
    return [(page.get_absolute_url(), page.title) for page in Page.objects.published(timezone.now())]
