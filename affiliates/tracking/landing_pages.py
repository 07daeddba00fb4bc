"""The public pages of this site that an affiliate's link may lead to.

The landing page's address keeps the code, so that it attributes in another browser too, and the minute of the click, so
that neither the visit nor an open tab is counted again (ADR 34).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from functools import lru_cache
from urllib.parse import unquote, urlencode, urlsplit

from django.conf import settings
from django.http import HttpRequest
from django.urls import Resolver404, resolve, reverse
from django.utils import timezone

from privacy.encryption.normalization import normalize_code
from shop.models import Product

PUBLIC_PAGES = {"site:home", "site:services", "shop:product", "affiliates:program", "contacts:contact"}


_finders: list[Callable[[str], str]] = []
_lists: list[Callable[[], list[tuple[str, str]]]] = []


def register_landing_pages(*, find: Callable[[str], str], listed: Callable[[], list[tuple[str, str]]]) -> None:
    """Adds pages that this app doesn't know. `find` gets a path of this site that none of `PUBLIC_PAGES` has, and
    returns the page's own, or an empty text; `listed` returns path and name of each."""
    _finders.append(find)
    _lists.append(listed)


def resolve_landing_page(path: str) -> str:
    """The page's path if it is public, with or without its last slash; otherwise the front page."""
    return _path_of_public_page(path) or next(filter(None, (find(f"/{path}") for find in _finders)), "/")


@lru_cache(maxsize=512)  # most links lead to a few pages
def _path_of_public_page(path: str) -> str:
    for address in (f"/{path}", f"/{path}/"):
        with suppress(Resolver404):
            if resolve(address).view_name in PUBLIC_PAGES:
                return address
    return ""


def query_after_click(code: str, clicked_at: datetime) -> dict[str, str]:
    """By which the page's address attributes in another browser too, without being counted again."""
    return {"ref": normalize_code(code), "go": f"{int(clicked_at.timestamp()) // 60:x}"}


def address_of(page: str, query: Mapping[str, str]) -> str:
    """`page` may have a query already: a discount code."""
    return f"{page}{'&' if '?' in page else '?'}{urlencode(query)}" if query else page


def counted_at(request: HttpRequest) -> datetime | None:
    """The minute of the click that led to this address. None if no link led here, or if it is in the future."""
    try:
        minute = int(request.GET.get("go", "")[:8], 16)
    except ValueError:
        return None
    return datetime.fromtimestamp(minute * 60, UTC) if 0 <= minute <= timezone.now().timestamp() // 60 else None


def linkable_pages() -> list[tuple[str, str]]:
    """Path and name of each page that affiliates can link to, products first."""
    products = Product.objects.filter(is_active=True).order_by("name")
    return [
        ("/", "Front page"),
        *((reverse("shop:product", args=[product.slug]), product.name) for product in products),
        (reverse("site:services"), "Services"),
        (reverse("affiliates:program"), "Affiliate program"),
        (reverse("contacts:contact"), "Contact"),
        *(page for pages in _lists for page in pages()),
    ]


class NotLinkable(ValueError):
    """Why no link can lead to a pasted address, in words for the affiliate."""


def page_at_address(pasted: str) -> str:
    """The path of the page at a pasted address of this site, with or without its protocol. A query is dropped, and of
    an affiliate's link the page behind it is taken. Raises `NotLinkable`."""
    path = _path_on_this_site(pasted.strip())
    if path.startswith("/go/"):
        path = "/" + path.removeprefix("/go/").partition("/")[2]
    page = _path_of_public_page(path.lstrip("/")) or next(filter(None, (find(path) for find in _finders)), "")
    if page in dict(linkable_pages()):
        return page
    if page:
        raise NotLinkable("This product is not for sale, or it was never here. Choose a page from the list.")
    if _is_a_page(path):
        raise NotLinkable("Links can't lead to this page. Choose a page from the list.")
    raise NotLinkable("There is no page at this address. Check it for typing errors.")


def _is_a_page(path: str) -> bool:
    """Whether the site has this address. Staff's own pages are found by name alone, and were looked up before."""
    for address in (path, f"{path}/"):
        with suppress(Resolver404):
            return resolve(address).view_name != "pages:page"
    return False


def _path_on_this_site(address: str) -> str:
    own = urlsplit(settings.SITE_URL).hostname or ""
    try:
        parts = urlsplit(address if "://" in address or address.startswith("/") else f"https://{address}")
        host = parts.hostname
    except ValueError:
        raise NotLinkable("This is not the address of a page.") from None
    if parts.scheme not in {"", "http", "https"}:
        raise NotLinkable("This is not the address of a page. It should start with https://.")
    if host is not None and host.removeprefix("www.") != own.removeprefix("www."):
        raise NotLinkable(f"This address is not on {own}. Links can only lead to pages of this site.")
    return unquote(parts.path) or "/"
