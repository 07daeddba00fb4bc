"""Optional emails: one per sale, and a monthly summary."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.db.models.signals import post_save
from django.dispatch import receiver

from affiliates.currencies import currencies_of
from affiliates.mails import MONTHLY_SUMMARY, SALE_MADE
from affiliates.models import Affiliate, Commission
from affiliates.statistics.daily_statistics import Statistics, statistics_by_period
from privacy.mail.sending import notify
from shop.money import Money

AT_ONCE = 500  # summaries per housekeeping run


@receiver(post_save, sender=Commission)
def notify_of_sale(*, instance: Commission, created: bool, **kwargs: Any) -> None:
    if not created:
        return
    affiliate = instance.affiliate
    if affiliate.mail_sales and affiliate.is_active:
        user = affiliate.user
        notify(SALE_MADE, to=user.email, about=instance, context={"name": user.get_short_name()})


def mail_monthly_summaries(*, now: datetime) -> int:
    """Emails last month's summary, once, to those who chose it and had a click or a sale. Returns how many."""
    until = now.astimezone(UTC).date().replace(day=1) - timedelta(days=1)
    waiting = (
        Affiliate.objects.active()
        .filter(Q(summarized_until__isnull=True) | Q(summarized_until__lt=until), mail_monthly=True)
        .select_related("user")
        .order_by("joined_at", "pk")
    )
    return sum(_mail_summary(affiliate, until) for affiliate in waiting[:AT_ONCE])


@transaction.atomic
def _mail_summary(affiliate: Affiliate, until: date) -> bool:
    claimed = Affiliate.objects.filter(pk=affiliate.pk, summarized_until=affiliate.summarized_until)
    if not claimed.update(summarized_until=until) or not affiliate.user.email:
        return False
    months = {currency: _month_statistics(affiliate, until, currency) for currency in currencies_of(affiliate)}
    clicks, orders = next(iter(months.values())).clicks, sum(month.orders for month in months.values())
    if not (clicks or orders or any(month.reversed_minor for month in months.values())):
        return False
    sums = [_describe_earnings(month, currency) for currency, month in months.items()]
    context = {"name": affiliate.user.get_short_name(), "month": until, "clicks": clicks, "orders": orders}
    context["earned"] = " and ".join(sums)
    return notify(MONTHLY_SUMMARY, to=affiliate.user.email, about=affiliate, context=context)


def _month_statistics(affiliate: Affiliate, until: date, currency: str) -> Statistics:
    return sum(
        statistics_by_period(affiliate, since=until.replace(day=1), until=until, currency=currency).values(),
        Statistics(),
    )


def _describe_earnings(month: Statistics, currency: str) -> str:
    earned, reversed_ = Money(month.earned_minor, currency), Money(month.reversed_minor, currency)
    return f"{earned} earned" + (f", {reversed_} reversed after refunds" if reversed_.minor else "")
