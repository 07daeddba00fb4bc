"""Reports for staff: what happened in a period, by day, month, affiliate, product or campaign, in one currency.

Sales come from the commissions and count on the business's days, so they agree with the shop's report of the same
period. Visits come from the daily statistics, which outlive the clicks by years, and whose days are UTC: nothing
remembers when in it a click was. Each part is its own sum, never a join of two, so nothing is counted twice.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import models
from django.db.models import F, QuerySet, Sum

from affiliates.models import Affiliate, By, DailyClicks, Label, PayoutItem
from privacy.admin_base.reporting.day_expression import day_of
from privacy.admin_base.reporting.periods import ReportPeriod, Step
from shop.money import Money

from .daily_statistics import Statistics
from .day_sums import commissions_by
from .spans import Span

VISITS = ("clicks", "bots", "previews", "refused")
WITHOUT_LABEL = "No campaign"


class ReportBy(models.TextChoices):
    DAY = "day", "Day"
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


BY_TIME: dict[str, Step] = {ReportBy.DAY: "day", ReportBy.MONTH: "month"}
Counts = Mapping[str, int]


def paid_payouts(period: ReportPeriod | Span) -> QuerySet[PayoutItem]:
    """The payouts that arrived in it and were not returned."""
    paid = PayoutItem.objects.filter(state=PayoutItem.State.PAID, settled_at__gte=period.start)
    return paid.filter(settled_at__lt=period.end)


@dataclass(frozen=True)
class AffiliateReport:
    """`code` limits it to one affiliate."""

    period: ReportPeriod
    currency: str
    by: str
    code: str = ""

    def rows(self) -> list[ReportRow]:
        """By date, or by earnings in descending order."""
        if self.by in BY_TIME:
            return self._by_time(BY_TIME[self.by])
        made: list[ReportRow] = {
            ReportBy.AFFILIATE: self._by_affiliate,
            ReportBy.PRODUCT: self._by_product,
            ReportBy.CAMPAIGN: self._by_campaign,
        }[ReportBy(self.by)]()
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
        return self.by in {ReportBy.AFFILIATE, *BY_TIME}

    def total(self, rows: Iterable[ReportRow]) -> ReportRow:
        rows = list(rows)
        paid = sum(row.paid_minor or 0 for row in rows) if self.has_payouts else None
        return ReportRow("Total", self.currency, sum((r.statistics for r in rows), Statistics()), self.has_visits, paid)

    # --- The kinds of reports ----------------------------------------------------------------------------------------
    def _by_time(self, step: Step) -> list[ReportRow]:
        """Without gaps, unless nothing at all happened."""

        def start(day: date) -> date:
            return day if step == "day" else day.replace(day=1)

        visits = _regrouped(_sum_by_group(self._visits(), F("day"), VISITS), start)
        sales = _regrouped(self._sales_by("day"), start)
        paid = _regrouped(_sum_by_group(self._payouts(), day_of("settled_at", self.period), ["amount_minor"]), start)
        if not (visits or sales or paid):
            return []
        label = "%Y-%m-%d" if step == "day" else "%Y-%m"
        return [self._row(f"{one:{label}}", one, visits, sales, paid) for one in self.period.starts(step)]

    def _by_affiliate(self) -> list[ReportRow]:
        visits = _sum_by_group(self._visits(), F("affiliate__code"), VISITS)
        by_id = self._sales_by("affiliate")
        codes = Affiliate.objects.filter(pk__in=by_id).values_list("pk", "code")
        sales = {code: by_id[str(pk)] for pk, code in codes}
        paid = _sum_by_group(self._payouts(), F("affiliate__code"), ["amount_minor"])
        return [self._row(code, code, visits, sales, paid) for code in {*visits, *sales, *paid}]

    def _by_campaign(self) -> list[ReportRow]:
        """Visits, with a row for unlabeled ones, so that the rows add up to the total."""
        by_id = _sum_by_group(self._visits(By.CAMPAIGN), F("label"), VISITS)
        labels = Label.objects.filter(pk__in=by_id).select_related("affiliate")
        visits = {f"{label.affiliate.code}: {label.name}": by_id[label.pk.hex] for label in labels}
        _add_unlabeled_row(visits, self._visits().aggregate(**_sums(VISITS)))
        return [self._row(label, label, visits, {}, None) for label in visits]

    def _by_product(self) -> list[ReportRow]:
        sales = self._sales_by("product")
        return [
            ReportRow(product, self.currency, Statistics(**counts), has_visits=False)
            for product, counts in sales.items()
        ]

    def _row(
        self,
        label: str,
        key: Any,
        visits: Mapping[Any, Counts],
        sales: Mapping[Any, Counts],
        paid: Mapping[Any, Counts] | None,
    ) -> ReportRow:
        statistics = Statistics(**visits.get(key, {}), **sales.get(key, {}))
        return ReportRow(
            label,
            self.currency,
            statistics,
            paid_minor=None if paid is None else paid.get(key, {}).get("amount_minor", 0),
        )

    # --- Their sources -----------------------------------------------------------------------------------------------
    def _visits(self, kind: By = By.ALL) -> QuerySet[DailyClicks]:
        visits = DailyClicks.objects.filter(day__range=(self.period.since, self.period.until), by=kind)
        return self._of_affiliate(visits, "affiliate")

    def _sales_by(self, by: str) -> Mapping[Any, Counts]:
        """A rejected commission counts as an order, but earned nothing."""
        affiliate = Affiliate.objects.filter(code=self.code).values_list("pk", flat=True).first() if self.code else None
        return commissions_by(self.period, currency=self.currency, by=by, affiliate=affiliate)

    def _payouts(self) -> QuerySet[PayoutItem]:
        return self._of_affiliate(paid_payouts(self.period).filter(currency=self.currency), "affiliate")

    def _of_affiliate(self, rows: QuerySet[Any], path: str) -> QuerySet[Any]:
        return rows.filter(**{f"{path}__code": self.code}) if self.code else rows


def _sums(names: Iterable[str]) -> dict[str, Sum]:
    return {f"of_{name}": Sum(name) for name in names}


def _sum_by_group(rows: QuerySet[Any], group: Any, names: Iterable[str]) -> dict[Any, dict[str, int]]:
    """One query, one row per group."""
    grouped = rows.order_by().annotate(group=group).values("group").annotate(**_sums(names))
    return {line["group"]: {name: line[f"of_{name}"] for name in names} for line in grouped}


def _regrouped(sums: Mapping[date, Counts], start: Callable[[date], date]) -> dict[date, Counter[str]]:
    """The sums of days, added up by the first day of each day's group."""
    regrouped: dict[date, Counter[str]] = defaultdict(Counter)
    for day, counts in sums.items():
        regrouped[start(day)].update(counts)
    return regrouped


def _add_unlabeled_row(sums: dict[str, dict[str, int]], whole: dict[str, int | None]) -> None:
    """Adds a row for what is in the total but under no label."""
    names = [name.removeprefix("of_") for name in whole]
    rest = {n: (whole[f"of_{n}"] or 0) - sum(line[n] for line in sums.values()) for n in names}
    if any(rest.values()):
        sums[WITHOUT_LABEL] = rest
