"""Template variables available everywhere."""

from django.conf import settings
from django.http import HttpRequest

from .metadata.sitemaps import canonical_url
from .pages.navigation import SitePages


def business(request: HttpRequest) -> dict[str, object]:
    return {
        "business": settings.BUSINESS,
        "affiliate_consent": settings.AFFILIATE_CONSENT,
        "refund_days": settings.REFUND_DAYS,
        "site_url": settings.SITE_URL,
        "canonical_url": canonical_url(request),
        "site_pages": SitePages(),
    }
