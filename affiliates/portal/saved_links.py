"""An affiliate's saved links with what each of them brought: one per label in use, and the link without a label."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from affiliates.statistics.daily_statistics import Statistics, breakdown
from affiliates.tracking.links import link_to
from shop.money import Money

from ..models import Affiliate, By, Label, LabelSales
from .metrics import count_text

NO_LABEL = "Without a label"


@dataclass(frozen=True)
class SavedLink:
    """What a link brought since the affiliate joined."""

    label: str
    page: str
    link: str
    clicks: str
    orders: str
    sales: Money
    earned: Money


def saved_links(affiliate: Affiliate, total: Statistics, *, currency: str, now: datetime) -> list[SavedLink]:
    """Three queries. First the rest of the total, which has no label or can't be counted under one (ADR 25); then the
    labels, most clicks first."""
    joined, today = (moment.astimezone(UTC).date() for moment in (affiliate.joined_at, now))
    clicks = breakdown(affiliate, by=By.CAMPAIGN, since=joined, until=today)
    rows = LabelSales.objects.filter(label__affiliate=affiliate, currency=currency)
    counted = {row.label_id.hex: row for row in rows}
    labels = sorted(affiliate.labels.in_use(), key=lambda one: (-_clicks(one, clicks), str(one.name)))
    rest = SavedLink(
        label="",
        page="/",
        link=link_to(affiliate.code),
        clicks=count_text(max(total.clicks - sum(one.clicks for one in clicks.values()), 0)),
        orders=count_text(max(total.orders - sum(row.orders for row in counted.values()), 0)),
        sales=_money(total.sales_minor - sum(row.sales_minor for row in counted.values()), currency),
        earned=_money(total.earned_minor - sum(row.earned_minor for row in counted.values()), currency),
    )
    return [rest, *(_labeled(affiliate, one, _clicks(one, clicks), counted, currency) for one in labels)]


def _labeled(
    affiliate: Affiliate, label: Label, clicks: int, counted: dict[str, LabelSales], currency: str
) -> SavedLink:
    sales = counted.get(label.pk.hex) or LabelSales()
    name = str(label.name)
    return SavedLink(
        label=name,
        page=label.page,
        link=link_to(affiliate.code, label.page, name),
        clicks=count_text(clicks),
        orders=count_text(sales.orders),
        sales=_money(sales.sales_minor, currency),
        earned=_money(sales.earned_minor, currency),
    )


def _clicks(label: Label, clicks: dict[str, Statistics]) -> int:
    return clicks.get(label.pk.hex, Statistics()).clicks


def _money(minor: int, currency: str) -> Money:
    """Never negative: a commission that was rejected after it was counted under a label earned nothing."""
    return Money(max(minor, 0), currency)
