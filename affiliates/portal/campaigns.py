"""The tabs of campaigns and of creatives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils import timezone

from shop.money import Money

from ..creatives import offered_to
from ..figures import Figures, breakdown
from ..models import By
from .measures import conversion, earned
from .page import CURRENCY, PortalPage
from .period import PeriodForm


@dataclass(frozen=True)
class Campaign:
    """What came under one label, or to one page."""

    label: str
    figures: Figures

    @property
    def sales(self) -> Money:
        return Money(self.figures.sales_minor, CURRENCY)

    @property
    def earned(self) -> Money:
        return Money(earned(self.figures), CURRENCY)

    @property
    def conversion(self) -> str:
        return conversion(self.figures)


class CampaignsPage(PortalPage):
    template_name = "affiliates/portal/campaigns.html"
    tab = "campaigns"
    only_while_active = True

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        form = PeriodForm(self.request.GET, timezone.now())
        return super().get_context_data(
            form=form, campaigns=self._by(By.CAMPAIGN, form), pages=self._by(By.LANDING, form), **kwargs
        )

    def _by(self, by: By, form: PeriodForm) -> list[Campaign]:
        period = form.period
        found = breakdown(self.affiliate, by=by, since=period.since, until=period.until, currency=CURRENCY)
        return [Campaign(label, figures) for label, figures in found.items()]


class CreativesPage(PortalPage):
    template_name = "affiliates/portal/creatives.html"
    tab = "creatives"
    only_while_active = True

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(creatives=offered_to(self.affiliate), **kwargs)
