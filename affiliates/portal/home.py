"""The first tab: how things stand, what comes next, and what happened in the days that were chosen."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.utils import timezone

from shop.money import Money

from ..figures import Figures
from ..links import link_to
from ..models import REFERRAL_LIFE
from .chart import day_in_words, panels
from .measures import History, earned, history_of, measures
from .next_payout import held_of, next_payout_of
from .overview import overview_of
from .page import CURRENCY, PortalPage
from .period import PeriodForm
from .rates import rates_now


class OverviewPage(PortalPage):
    template_name = "affiliates/portal/home.html"
    tab = "overview"
    only_while_active = True

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        affiliate, now = self.affiliate, timezone.now()
        overview = overview_of(affiliate, currency=CURRENCY, now=now)
        held = held_of(affiliate, currency=CURRENCY)
        form = PeriodForm(self.request.GET, now)
        history = history_of(affiliate, form.period, currency=CURRENCY, now=now)
        return super().get_context_data(
            overview=overview,
            held=held,
            pending=overview.pending - held.pending,
            approved=overview.approved - held.approved,
            next=next_payout_of(affiliate, overview, held),
            rates=rates_now(affiliate, currency=CURRENCY, now=now),
            hold_days=settings.AFFILIATE_HOLD_DAYS,
            cookie_days=REFERRAL_LIFE.days,
            link=link_to(affiliate.code),
            form=form,
            **_figures(history, form),
            **kwargs,
        )


def _figures(history: History, form: PeriodForm) -> dict[str, Any]:
    period = form.period
    days = history.of(period)
    return {
        "period": period,
        "measures": measures(history, period),
        "panels": panels(days, currency=CURRENCY, step=period.step),
        "table": [(day_in_words(day, period.step), *_row(one)) for day, one in days.items()],
        "ever": history.total(),
        "ever_earned": Money(earned(history.total()), CURRENCY),
        "ever_sales": Money(history.total().sales_minor, CURRENCY),
    }


def _row(one: Figures) -> tuple[int, int, Money]:
    return one.clicks, one.orders, Money(earned(one), CURRENCY)
