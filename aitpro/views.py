"""The site's own pages, and files for programs."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib.sitemaps.views import sitemap as django_sitemap
from django.db import OperationalError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.templatetags.static import static
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import cache_control, never_cache
from django.views.generic import TemplateView

from contacts.models import Service
from privacy.registry.promises import PROMISES
from shop.models import Product

from .metadata.link_preview import draw_link_preview
from .metadata.sitemaps import SITEMAPS

logger = logging.getLogger(__name__)


class HomeView(TemplateView):
    template_name = "aitpro/home.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(
            product=Product.objects.filter(is_active=True).first(), services=Service.objects.offered(), **kwargs
        )


class ServicesView(HomeView):
    template_name = "aitpro/services.html"


class AboutView(TemplateView):
    """Who runs the site; a fact that isn't set is not shown."""

    template_name = "aitpro/about.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(
            products=Product.objects.filter(is_active=True),
            services=Service.objects.offered(),
            promises=len(PROMISES),
            **kwargs,
        )


class SupportView(TemplateView):
    template_name = "aitpro/support.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(
            products=Product.objects.filter(is_active=True), answer_days=settings.INQUIRY_ANSWER_DAYS, **kwargs
        )


@never_cache
def healthz(request: HttpRequest) -> JsonResponse:
    """200 if the database answers."""
    try:
        connection.ensure_connection()
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except OperationalError:
        logger.error("the database does not answer")
        return JsonResponse({"status": "the database does not answer"}, status=503)
    return JsonResponse({"status": "ok"})


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
