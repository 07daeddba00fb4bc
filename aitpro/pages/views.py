"""The front pages, and the pages that staff wrote."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.utils import timezone
from django.views.generic import DetailView, TemplateView

from contacts.models import Service
from privacy.registry.promises import PROMISES
from shop.catalog.structured_data import faq_data
from shop.models import Product

from .front_texts import front_page_context
from .models import FrontPage, Page, PageQuerySet, SiteQuestion
from .redirects import with_former_anchors


class HomeView(TemplateView):
    template_name = "aitpro/home.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**context_of(FrontPage.Name.HOME), **kwargs)


class ServicesView(TemplateView):
    template_name = "aitpro/services.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**context_of(FrontPage.Name.SERVICES), **kwargs)


class AboutView(TemplateView):
    """Who runs the site; a fact that isn't set is not shown."""

    template_name = "aitpro/about.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**context_of(FrontPage.Name.ABOUT), **kwargs)


class SupportView(TemplateView):
    template_name = "aitpro/support.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**context_of(FrontPage.Name.SUPPORT), **kwargs)


def context_of(name: str) -> dict[str, Any]:
    """The context of a front page; its template is `aitpro/<name>.html`."""
    context, products = front_page_context(name), Product.objects.active()
    if name == FrontPage.Name.SUPPORT:
        questions = list(SiteQuestion.objects.all())
        further = {"questions": questions, "faq_data": faq_data(questions) if questions else None}
        return {**context, **further, "products": products, "answer_days": settings.INQUIRY_ANSWER_DAYS}
    services: Iterable[Service] = Service.objects.offered()
    if name == FrontPage.Name.ABOUT:
        return {**context, "products": products, "services": services, "promises": len(PROMISES)}
    if name == FrontPage.Name.SERVICES:
        services = with_former_anchors(services)
    return {**context, "product": products.first(), "services": services}


class PageView(DetailView[Page]):
    template_name = "pages/page.html"

    def get_queryset(self) -> PageQuerySet:
        return Page.objects.published(timezone.now())
