"""Evidence that no public page loads anything from third parties."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit
from xml.etree import ElementTree

from django.conf import settings
from django.http import HttpResponse
from django.urls import is_valid_path, reverse

from privacy.evidence.measurement import Evidence, evidence_for
from privacy.evidence.served_pages import public_paths, serve

from .http.page_origins import Origins

# Directives without a fallback (CSP level 3) must be set; all others fall back to default-src.
NEEDED = {"default-src", "form-action", "base-uri", "frame-ancestors"}
OWN = {"'self'", "'none'"}
AD_NETWORKS = (
    "adnxs.com",
    "adroll.com",
    "ads-twitter.com",
    "adsrvr.org",
    "amazon-adsystem.com",
    "bat.bing.com",
    "connect.facebook.net",
    "criteo.",
    "doubleclick.net",
    "googleadservices.com",
    "googlesyndication.com",
    "media.net",
    "openx.net",
    "outbrain.com",
    "pubmatic.com",
    "quantserve.com",
    "rubiconproject.com",
    "taboola.com",
)
AD_MARKS = ("google-adsense-account", "data-ad-client", "adsbygoogle")
AD_FILES = ("/ads.txt", "/app-ads.txt")  # lists of authorized ad sellers


@dataclass(frozen=True)
class ServedPage:
    """A served page: its HTML in lowercase, and its content security policy by directive."""

    html: str
    policy: dict[str, list[str]]

    @property
    def third_parties(self) -> set[str]:
        return Origins(self.html).hosts - _known_hosts()

    @property
    def lets_in(self) -> set[str]:
        """Third-party sources allowed by the policy, except PayPal's checkout. A mail in a sandbox has its styles, and
        the words of a sandbox are no sources."""
        allowed = {(name, source) for name, sources in self.policy.items() for source in sources if source not in OWN}
        expected = {("form-action", settings.PAYPAL_APPROVE_ORIGIN)}
        if "sandbox" in self.policy:
            expected |= {("style-src", "'unsafe-inline'"), *(("sandbox", word) for word in self.policy["sandbox"])}
        return {f"{name} {source}" for name, source in allowed - expected}


@evidence_for("not-shared", hourly=True)
def nobody_else_is_asked(now: datetime) -> Evidence:
    """Broken if a page loads anything from a third party, or if its policy allows it. Error reports hold nothing of a
    visitor (ADR 79), and are named."""
    pages = list(_pages())
    hosts = set().union(*(page.third_parties for page in pages))
    allowed = set().union(*(page.lets_in for page in pages))
    reports = urlsplit(settings.SENTRY_DSN).hostname
    open_pages = sum(not page.policy.keys() >= NEEDED for page in pages)
    return Evidence(
        kept=bool(pages) and not hosts and not allowed and not open_pages,
        figures={
            "public pages read": len(pages),
            "third parties that they load anything from": ", ".join(sorted(hosts)) or 0,
            "third-party origins in the served policy": ", ".join(sorted(allowed)) or 0,
            "pages whose policy lacks a directive": open_pages,
            **({"reports of errors, without visitors' data, go to": reports} if reports else {}),
        },
    )


@evidence_for("no-ad-servers", hourly=True)
def no_ad_network_is_named(now: datetime) -> Evidence:
    """Broken if a page mentions an ad network, even in a link, or if the site lists ad sellers."""
    pages = list(_pages())
    named = {mark for mark in (*AD_NETWORKS, *AD_MARKS) for page in pages if mark in page.html}
    lists = [path for path in AD_FILES if is_valid_path(path)]
    return Evidence(
        kept=bool(pages) and not named and not lists,
        figures={
            "public pages read": len(pages),
            "ad networks that we look for": len(AD_NETWORKS),
            "of them named on a page": ", ".join(sorted(named)) or 0,
            "lists of ad sellers that this site serves": ", ".join(lists) or 0,
        },
    )


def _pages() -> Iterator[ServedPage]:
    """All public pages."""
    for path in sorted({*public_paths(), *_in_the_sitemap()}):
        response = serve(path)
        if response.status_code == 200 and isinstance(response, HttpResponse) and _is_html(response):
            yield ServedPage(response.content.decode().lower(), policy_of(response.headers))


def _in_the_sitemap() -> Iterator[str]:
    response = serve(reverse("site:sitemap"))
    if isinstance(response, HttpResponse):
        for element in ElementTree.fromstring(response.content).iter():  # noqa: S314 (written by this site)
            if element.tag.endswith("}loc"):
                yield urlsplit(element.text or "").path


def _is_html(response: HttpResponse) -> bool:
    return response.headers.get("Content-Type", "").startswith("text/html")


def policy_of(headers: Mapping[str, str]) -> dict[str, list[str]]:
    """The content security policy, by directive."""
    directives = (part.split() for part in headers.get("Content-Security-Policy", "").split(";"))
    return {name: sources for name, *sources in filter(None, directives)}


def _known_hosts() -> set[str]:
    return {urlsplit(address).netloc.lower() for address in (settings.SITE_URL, settings.PAYPAL_APPROVE_ORIGIN)}
