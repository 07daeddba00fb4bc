"""The site's own pages, and files for programs."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any

from django.conf import settings
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
    names = ["site:home", "site:services", "contacts:contact", "affiliates:program", "privacy:policy"]
    paths = [reverse(name) for name in names]
    paths += [reverse("shop:product", args=[product.slug]) for product in Product.objects.filter(is_active=True)]
    addresses = [f"{settings.SITE_URL}{path}" for path in paths]
    return render(request, "aitpro/sitemap.xml", {"addresses": addresses}, content_type="application/xml")


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
