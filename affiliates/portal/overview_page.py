"""The portal's overview page: balances, the next payout, and statistics for the chosen period."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from affiliates.membership.legal_details import are_legal_details_missing
from affiliates.models import REFERRAL_LIFE, Announcement
from affiliates.statistics.daily_statistics import Statistics
from affiliates.statistics.label_sales import FEWEST
from shop.money import Money

from .base import PortalPage
from .chart import day_in_words, panels
from .metrics import History, count_text, earned, history_of, metrics
from .money_by_currency import accounts_of
from .onboarding import onboarding_steps
from .period import PortalPeriodForm
from .rates import rates_now
from .saved_links import saved_links

FEW = 5  # announcements


class OverviewPage(PortalPage):
    template_name = "affiliates/portal/home.html"
    tab = "overview"
    only_while_active = True

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        affiliate, now = self.affiliate, timezone.now()
        accounts = accounts_of(affiliate)
        form = PortalPeriodForm(self.request.GET, now, currencies=[account.currency for account in accounts])
        history = history_of(affiliate, form.period, currency=form.chosen_currency, now=now)
        ever = history.total()
        saved = saved_links(affiliate, ever, currency=history.currency, now=now)
        return super().get_context_data(
            accounts=accounts,
            announcements=Announcement.objects.current(now)[:FEW],
            legal_details_missing=are_legal_details_missing(affiliate, now=now),
            rates=rates_now(affiliate, now=now),
            cookie_days=REFERRAL_LIFE.days,
            link=saved[0].link,
            saved=saved,
            fewest=FEWEST,
            steps=onboarding_steps(affiliate, clicks=ever.clicks, has_links=len(saved) > 1 or ever.clicks > 0),
            is_new=not (ever.clicks or ever.orders or any(account.sums.balance.minor for account in accounts)),
            form=form,
            **_statistics_context(history, form),
            **kwargs,
        )


def _statistics_context(history: History, form: PortalPeriodForm) -> dict[str, Any]:
    period = form.period
    days = history.of(period)
    return {
        "period": period,
        "metrics": metrics(history, period),
        "panels": panels(days, currency=history.currency, step=period.step),
        "table": [(day_in_words(day, period.step), *_table_row(one, history.currency)) for day, one in days.items()],
        "ever_clicks": count_text(history.total().clicks),
        "ever_orders": count_text(history.total().orders),
        "ever_earned": Money(earned(history.total()), history.currency),
        "ever_sales": Money(history.total().sales_minor, history.currency),
    }


def _table_row(one: Statistics, currency: str) -> tuple[str, str, Money]:
    return count_text(one.clicks), count_text(one.orders), Money(earned(one), currency)
