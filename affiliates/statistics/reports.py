"""Reports for staff: what happened between two days, by month, affiliate, product or campaign, in one currency.

Visits and sales come from the daily statistics, which outlive the clicks by years; products, which no statistic
includes, come from the commissions. Each part is its own sum, never a join of two, so nothing is counted twice.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django.db import models
from django.db.models import Count, F, QuerySet, Sum
from django.db.models.functions import TruncMonth

from affiliates.models import By, Commission, DailyClicks, DailySales, Label, PayoutItem
from shop.money import Money, program_currency

from .daily_statistics import Statistics
from .sales_rollups import SUMS

VISITS = ("clicks", "bots", "previews", "refused")
WITHOUT_LABEL = "No campaign"


class ReportBy(models.TextChoices):
    MONTH = "month", "Month"
    AFFILIATE = "affiliate", "Affiliate"
    PRODUCT = "product", "Product"
    CAMPAIGN = "campaign", "Campaign"


@dataclass(frozen=True)
class ReportRow:
    """One row. What a report can't know (a product's clicks, a campaign's sales) is None, not 0."""

    label: str
    currency: str
    statistics: Statistics
    has_visits: bool = True
    paid_minor: int | None = None

    @property
    def sales(self) -> Money:
        return Money(self.statistics.sales_minor, self.currency)

    @property
    def earned(self) -> Money:
        return Money(self.statistics.earned_minor, self.currency)

    @property
    def reversed_amount(self) -> Money:
        return Money(self.statistics.reversed_minor, self.currency)

    @property
    def paid(self) -> Money | None:
        return None if self.paid_minor is None else Money(self.paid_minor, self.currency)

    @property
    def conversion(self) -> float | None:
        """Orders per 100 clicks; None without a click."""
        clicks = self.statistics.clicks
        return 100 * self.statistics.orders / clicks if self.has_visits and clicks else None


@dataclass(frozen=True)
class AffiliateReport:
    """`since` and `until` are days in UTC, both inclusive. `code` limits it to one affiliate."""

    since: date
    until: date
    currency: str = field(default_factory=program_currency)
    code: str = ""
    by: str = ReportBy.MONTH
    _days: dict[str, Any] = field(init=False, repr=False, default_factory=dict)

    def __post_init__(self) -> None:
        self._days["day__range"] = (self.since, self.until)
        if self.code:
            self._days["affiliate__code"] = self.code

    def rows(self) -> list[ReportRow]:
        """By date, or by earnings in descending order."""
        made: list[ReportRow] = {
            ReportBy.MONTH: self._by_month,
            ReportBy.AFFILIATE: self._by_affiliate,
            ReportBy.PRODUCT: self._by_product,
            ReportBy.CAMPAIGN: self._by_campaign,
        }[ReportBy(self.by)]()
        if self.by == ReportBy.MONTH:
            return sorted(made, key=lambda row: row.label)
        return sorted(made, key=lambda row: (-row.statistics.earned_minor, -row.statistics.clicks, row.label))

    @property
    def has_visits(self) -> bool:
        return self.by != ReportBy.PRODUCT

    @property
    def has_sales(self) -> bool:
        """Sales per label are counted for several buyers together, and then have no day: ADR 25."""
        return self.by != ReportBy.CAMPAIGN

    @property
    def has_payouts(self) -> bool:
        return self.by in {ReportBy.MONTH, ReportBy.AFFILIATE}

    def total(self, rows: Iterable[ReportRow]) -> ReportRow:
        rows = list(rows)
        paid = sum(row.paid_minor or 0 for row in rows) if self.has_payouts else None
        return ReportRow("Total", self.currency, sum((r.statistics for r in rows), Statistics()), self.has_visits, paid)

    # --- The four kinds of reports -----------------------------------------------------------------------------------
    def _by_month(self) -> list[ReportRow]:
        of_day, of_payout = TruncMonth("day"), TruncMonth("settled_at", tzinfo=UTC)
        visits, sales = _sum_by_group(self._visits(), of_day, VISITS), _sum_by_group(self._sales(), of_day, SUMS)
        paid = _sum_by_group(self._payouts(), of_payout, ["amount_minor"])
        made = self._merged(_by_month_name(visits), _by_month_name(sales), _by_month_name(paid))
        known = {row.label for row in made}
        empty = [month for month in self._months() if made and month not in known]
        return [*made, *(ReportRow(month, self.currency, Statistics(), paid_minor=0) for month in empty)]

    def _months(self) -> Iterator[str]:
        month = self.since.replace(day=1)
        while month <= self.until:
            yield f"{month:%Y-%m}"
            month = (month + timedelta(days=31)).replace(day=1)

    def _by_affiliate(self) -> list[ReportRow]:
        code = F("affiliate__code")
        paid = _sum_by_group(self._payouts(), code, ["amount_minor"])
        return self._merged(_sum_by_group(self._visits(), code, VISITS), _sum_by_group(self._sales(), code, SUMS), paid)

    def _by_campaign(self) -> list[ReportRow]:
        """Visits, with a row for unlabeled ones, so that the rows add up to the total."""
        by_id = _sum_by_group(self._visits(By.CAMPAIGN), F("label"), VISITS)
        labels = Label.objects.filter(pk__in=by_id).select_related("affiliate")
        visits = {f"{label.affiliate.code}: {label.name}": by_id[label.pk.hex] for label in labels}
        _add_unlabeled_row(visits, self._visits().aggregate(**_sums(VISITS)))
        return self._merged(visits, {}, None)

    def _by_product(self) -> list[ReportRow]:
        """A rejected commission counts as an order, but earned nothing."""
        grouped = self._commissions().order_by().values_list("attribution__order__product_name", "state")
        lines = grouped.annotate(Count("pk"), Sum("base_minor"), Sum("amount_minor"), Sum("reversed_minor"))
        sums: dict[str, Statistics] = defaultdict(Statistics)
        for product, state, orders, sales, earned, reversed_amount in lines:
            kept = state != Commission.State.REJECTED
            sums[product] += Statistics(
                orders=orders, sales_minor=sales, earned_minor=kept * earned, reversed_minor=kept * reversed_amount
            )
        return [ReportRow(product, self.currency, statistics, has_visits=False) for product, statistics in sums.items()]

    def _merged(
        self,
        visits: dict[str, dict[str, int]],
        sales: dict[str, dict[str, int]],
        paid: dict[str, dict[str, int]] | None,
    ) -> list[ReportRow]:
        return [
            ReportRow(
                label,
                self.currency,
                Statistics(**visits.get(label, {}), **sales.get(label, {})),
                paid_minor=None if paid is None else paid.get(label, {}).get("amount_minor", 0),
            )
            for label in {*visits, *sales, *(paid or {})}
        ]

    # --- Their sources -----------------------------------------------------------------------------------------------
    def _visits(self, kind: By = By.ALL) -> QuerySet[DailyClicks]:
        return DailyClicks.objects.filter(**self._days, by=kind)

    def _sales(self) -> QuerySet[DailySales]:
        return DailySales.objects.filter(**self._days, currency=self.currency)

    def _payouts(self) -> QuerySet[PayoutItem]:
        """Payouts that arrived and were not returned."""
        paid = PayoutItem.objects.filter(state=PayoutItem.State.PAID, currency=self.currency)
        return self._of_affiliate(paid.filter(settled_at__gte=self._start, settled_at__lt=self._end), "affiliate")

    def _commissions(self) -> QuerySet[Commission]:
        earned = Commission.objects.filter(currency=self.currency, created_at__gte=self._start)
        return self._of_affiliate(earned.filter(created_at__lt=self._end), "attribution__affiliate")

    def _of_affiliate(self, rows: QuerySet[Any], path: str) -> QuerySet[Any]:
        return rows.filter(**{f"{path}__code": self.code}) if self.code else rows

    @property
    def _start(self) -> datetime:
        return datetime.combine(self.since, time.min, UTC)

    @property
    def _end(self) -> datetime:
        return datetime.combine(self.until + timedelta(days=1), time.min, UTC)


def _sums(names: Iterable[str]) -> dict[str, Sum]:
    return {f"of_{name}": Sum(name) for name in names}


def _sum_by_group(rows: QuerySet[Any], group: Any, names: Iterable[str]) -> dict[Any, dict[str, int]]:
    """One query, one row per group."""
    grouped = rows.order_by().annotate(group=group).values("group").annotate(**_sums(names))
    return {line["group"]: {name: line[f"of_{name}"] for name in names} for line in grouped}


def _by_month_name(sums: dict[Any, dict[str, int]]) -> dict[str, dict[str, int]]:
    return {f"{start:%Y-%m}": line for start, line in sums.items()}


def _add_unlabeled_row(sums: dict[str, dict[str, int]], whole: dict[str, int | None]) -> None:
    """Adds a row for what is in the total but under no label."""
    names = [name.removeprefix("of_") for name in whole]
    rest = {n: (whole[f"of_{n}"] or 0) - sum(line[n] for line in sums.values()) for n in names}
    if any(rest.values()):
        sums[WITHOUT_LABEL] = rest
