"""Files for programs."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.contrib.sitemaps.views import sitemap as django_sitemap
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.templatetags.static import static
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import cache_control

from .link_preview import draw_link_preview
from .sitemaps import SITEMAPS


@cache_control(max_age=3600, public=True)
def favicon(request: HttpRequest) -> HttpResponse:
    """For programs that request the conventional URL without reading the page."""
    return redirect(static("aitpro/logo.svg"))


@cache_control(max_age=3600, public=True)
def robots(request: HttpRequest) -> HttpResponse:
    return render(
        request, "aitpro/robots.txt", {"site_url": settings.SITE_URL}, content_type="text/plain; charset=utf-8"
    )


@cache_control(max_age=3600, public=True)
def sitemap(request: HttpRequest) -> HttpResponse:
    return django_sitemap(request, SITEMAPS)


@cache_control(max_age=3600, public=True)
def manifest(request: HttpRequest) -> JsonResponse:
    """Name and icon for whoever puts the site on a phone's home screen."""
    icons = {size: static(f"aitpro/icons/icon-{size}.png") for size in (192, 512)}
    description = {
        "name": settings.BUSINESS["name"],
        "short_name": settings.BUSINESS["short_name"],
        "start_url": reverse("site:home"),
        "display": "browser",
        "background_color": "#f4f7f6",  # --paper of css/variables.css
        "theme_color": "#ffffff",  # --surface
        "icons": [{"src": icon, "sizes": f"{size}x{size}", "type": "image/png"} for size, icon in icons.items()],
    }
    return JsonResponse(description, content_type="application/manifest+json")


@cache_control(max_age=24 * 3600, public=True)
def link_preview(request: HttpRequest) -> HttpResponse:
    return HttpResponse(draw_link_preview(), content_type="image/png")


@cache_control(max_age=3600, public=True)
def security_txt(request: HttpRequest) -> HttpResponse:
    """RFC 9116: where to report a vulnerability. The mandatory expiry date is always half a year ahead."""
    expires = (timezone.now() + timedelta(days=180)).replace(hour=0, minute=0, second=0, microsecond=0)
    context = {"site_url": settings.SITE_URL, "expires": expires.isoformat().replace("+00:00", "Z")}
    return render(request, "aitpro/security.txt", context, content_type="text/plain; charset=utf-8")


@cache_control(max_age=3600, public=True)
def security_policy(request: HttpRequest) -> HttpResponse:
    """SECURITY.md, to which security.txt refers."""
    return HttpResponse((settings.BASE_DIR / "SECURITY.md").read_bytes(), content_type="text/plain; charset=utf-8")
