"""The pages that the header and the footer link to."""

from __future__ import annotations

from django.utils import timezone
from django.utils.functional import cached_property

from .models import Page


class SitePages:
    """One query, and only in templates that have a header or footer. Nothing is cached between requests, so that a page
    is everywhere as soon as staff publish it."""

    @cached_property
    def _linked(self) -> list[Page]:
        linked = Page.objects.published(timezone.now()).exclude(place=Page.Place.NOWHERE)
        return list(linked.only("slug", "title", "place"))

    @property
    def menu(self) -> list[Page]:
        return [page for page in self._linked if page.place == Page.Place.MENU]

    @property
    def footer(self) -> list[Page]:
        return [page for page in self._linked if page.place == Page.Place.FOOTER]
