"""Which addresses a page may have: none that answers already, or that the site may need itself."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from functools import cache

from django.conf import settings
from django.core.exceptions import ValidationError
from django.urls import Resolver404, URLPattern, URLResolver, get_resolver, resolve
from django.utils.text import slugify

from .models import Page

# Nothing here in every installation, or not yet: the demo's mails, the web server's folders, what monitoring asks.
KEPT = {"api", "go", "mail", "media", "metrics", "quotes", "readyz", "static"}
SIGN_IN = {"accounts", "admin", "login", "logout"}  # whoever is led away from there may type a password elsewhere
LOOK_ALIKE = {"evidence", "login", "logout", "order", "search", "webhooks"}  # pages that one would take for the site's


def clean_address(typed: str) -> str:
    """The slug in what was typed or pasted: `Guide`, `/guide/`, or the whole address."""
    return slugify(typed.strip().removeprefix(settings.SITE_URL).strip("/"))


def validate_page_address(slug: str, *, page: Page) -> None:
    """Raises `ValidationError`, naming what has the address already."""
    if slug in KEPT | LOOK_ALIKE | first_parts():
        raise ValidationError(f"/{slug}/ belongs to the site itself. Choose another address, such as {slug}-page.")
    if other := Page.objects.filter(slug=slug).exclude(pk=page.pk).first():
        raise ValidationError(
            f"The page “{other}” is at /{slug}/. Choose another address, or give that page another one first."
        )


@cache
def first_parts() -> frozenset[str]:
    """The first part of every address of the site: `privacy` of /privacy/request/."""
    return frozenset(part for route in _routes(get_resolver().url_patterns) if "<" not in (part := route.split("/")[0]))


def _routes(patterns: Iterable[URLPattern | URLResolver]) -> Iterator[str]:
    for each in patterns:
        if (route := str(each.pattern)) or isinstance(each, URLPattern):
            yield route
        else:
            yield from _routes(each.url_patterns)


def is_taken(path: str) -> bool:
    """Whether a redirect there would stand in the way of the site: also without the last slash, and in capitals."""
    parts = path.casefold().strip("/").split("/")
    return parts[0] in KEPT | SIGN_IN or (len(parts) == 1 and parts[0] in first_parts())


def view_at(path: str) -> str:
    """The name of the view that answers; empty if none does."""
    with suppress(Resolver404):
        return resolve(path).view_name
    return ""
