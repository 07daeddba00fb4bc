"""The pages that search engines may list. All others, private ones and forms' results among them, say `noindex`."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.sitemaps import Sitemap
from django.http import HttpRequest
from django.template.loader import get_template
from django.urls import reverse
from django.utils import timezone

from affiliates.models import TermsVersion
from aitpro.pages.models import Page
from shop.models import Product
from shop.models.terms import current_shop_terms

# Page and its template, whose last change is the page's.
PAGES = {
    "site:home": "aitpro/home.html",
    "site:services": "aitpro/services.html",
    "site:about": "aitpro/about.html",
    "site:support": "aitpro/support.html",
    "shop:catalog": "shop/catalog.html",
    "shop:terms": "shop/terms.html",
    "shop:find_orders": "shop/find_orders.html",
    "contacts:contact": "contacts/contact.html",
    "affiliates:program": "affiliates/program.html",
    "affiliates:apply": "affiliates/apply.html",
    "privacy:policy": "privacy/policy.html",
    "privacy:evidence": "privacy/evidence.html",
    "privacy:changes": "privacy/changes.html",
    "privacy:request": "privacy/request.html",
    "privacy:choices_link": "privacy/choices_link.html",
    "affiliates:referral": "affiliates/referral.html",
}
PAGES_OF_ROWS = {"pages:page", "shop:product", "shop:terms_document", "affiliates:terms"}


def canonical_url(request: HttpRequest) -> str:
    """The page's address for search engines, without a query; empty if they may not list it."""
    match = request.resolver_match
    listed = match is not None and match.view_name in PAGES.keys() | PAGES_OF_ROWS
    return f"{settings.SITE_URL}{request.path}" if listed else ""


class SiteSitemap(Sitemap[Any]):
    protocol = urlsplit(settings.SITE_URL).scheme

    def get_domain(self, site: Any = None) -> str:
        return urlsplit(settings.SITE_URL).netloc


class PageSitemap(SiteSitemap):
    def items(self) -> list[str]:
        return list(PAGES)

    def location(self, item: str) -> str:
        return reverse(item)

    def lastmod(self, item: str) -> date:
        return changed(PAGES[item])


class StaffPageSitemap(SiteSitemap):
    """The pages that staff wrote."""

    def items(self) -> Any:
        return Page.objects.published(timezone.now()).order_by("slug")

    def location(self, item: Page) -> str:
        return item.get_absolute_url()

    def lastmod(self, item: Page) -> date:
        return item.changed_at.date()


class ProductSitemap(SiteSitemap):
    def items(self) -> Any:
        return Product.objects.filter(is_active=True).order_by("slug")

    def location(self, item: Product) -> str:
        return reverse("shop:product", args=[item.slug])

    def lastmod(self, item: Product) -> date:
        return changed("shop/product.html")


class TermsSitemap(SiteSitemap):
    """The documents of terms that have a version in effect."""

    def items(self) -> list[tuple[str, date]]:
        found = [(reverse("shop:terms_document", args=[terms.document]), terms) for terms in current_shop_terms()]
        if (of_affiliates := TermsVersion.objects.in_force(timezone.now())) is not None:
            found.append((reverse("affiliates:terms"), of_affiliates))
        return [(path, terms.effective_from.date()) for path, terms in found if terms.effective_from]

    def location(self, item: tuple[str, date]) -> str:
        return item[0]

    def lastmod(self, item: tuple[str, date]) -> date:
        return item[1]


def changed(template: str) -> date:
    """When the template was last written on this server."""
    origin: Any = get_template(template).origin  # type: ignore[attr-defined]
    return datetime.fromtimestamp(Path(origin.name).stat().st_mtime, UTC).date()


SITEMAPS: dict[str, type[Sitemap[Any]] | Sitemap[Any]] = {
    "pages": PageSitemap,
    "staff_pages": StaffPageSitemap,
    "products": ProductSitemap,
    "terms": TermsSitemap,
}
