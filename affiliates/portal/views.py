"""The pages under the portal's tabs."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.paginator import Paginator
from django.utils import timezone

from ..models import Commission
from ..rates import rate_for
from .overview import overview_of
from .page import CURRENCY, PortalPage


class OverviewPage(PortalPage):
    template_name = "affiliates/portal/home.html"
    tab = "overview"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        affiliate = self.affiliate
        lines = (
            Commission.objects.filter(attribution__affiliate=affiliate)
            .select_related("attribution__order")
            .order_by("-created_at")
        )
        return super().get_context_data(
            rate=rate_for(affiliate=affiliate, product=None, currency=CURRENCY, moment=timezone.now()).terms,
            link=f"{settings.SITE_URL}/go/{affiliate.code}/",
            overview=overview_of(affiliate, currency=CURRENCY, now=timezone.now()),
            commissions=Paginator(lines, 25).get_page(self.request.GET.get("page")),
            payouts=affiliate.payouts.select_related("batch")[:25],
            **kwargs,
        )


class LinksPage(PortalPage):
    template_name = "affiliates/portal/base.html"
    tab = "links"


class CampaignsPage(PortalPage):
    template_name = "affiliates/portal/base.html"
    tab = "campaigns"


class CreativesPage(PortalPage):
    template_name = "affiliates/portal/base.html"
    tab = "creatives"


class CommissionsPage(PortalPage):
    template_name = "affiliates/portal/base.html"
    tab = "commissions"


class PayoutsPage(PortalPage):
    template_name = "affiliates/portal/base.html"
    tab = "payouts"


class StatementPage(PortalPage):
    template_name = "affiliates/portal/base.html"
    tab = "statement"
