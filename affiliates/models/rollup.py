"""Daily statistics: they outlive the clicks they were counted from, and contain nothing about any visitor.

A click is counted in two steps, so that it costs one INSERT and waits for nothing (ADR 13): its row is written
as uncounted, and the scheduler adds it to the statistics of its day. A visit without a row (a bot, a preview, a visitor
who refuses tracking), or a click whose row is deleted early, is written as a `PendingVisitCount`, which the scheduler
adds and deletes.
"""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from privacy.encryption.models import UUID7Field
from privacy.models import DaySum
from privacy.registry.declarations import not_personal
from privacy.registry.growth import Kept, Pruned, Queue

from .affiliate import Affiliate

OF_THE_AFFILIATE = (
    "the statistics of an affiliate's work, which the portal shows; they count visitors and buyers, and name none"
)
COUNTERS = ("clicks", "unstored_clicks", "bots", "previews", "refused")


class Counts(models.Model):
    """The kinds of visits to an affiliate's link."""

    clicks = models.PositiveIntegerField(default=0)
    unstored_clicks = models.PositiveIntegerField("clicks without a row", default=0)  # forgotten early, or never stored
    bots = models.PositiveIntegerField(default=0)
    previews = models.PositiveIntegerField("previews and prefetches", default=0)
    refused = models.PositiveIntegerField("visits that refused tracking", default=0)

    class Meta:
        abstract = True


class By(models.TextChoices):
    """What a count covers: the whole day, one campaign label (its id), or one page."""

    ALL = "all", "total"
    CAMPAIGN = "campaign", "campaign"
    LANDING = "landing", "page"


# A visit is also counted under its value in each of these columns, which clicks and pending counts share.
DIMENSIONS = {By.CAMPAIGN: "label_id", By.LANDING: "landing_path"}


@not_personal(
    "daily clicks on an affiliate's links; no visitor, no address, no time",
    "id affiliate_id day by label clicks unstored_clicks bots previews refused",
    despite_link=OF_THE_AFFILIATE,
    growth=Pruned(since="day", days=7 * 365, why="as long as the commissions that came of them"),
)
class DailyClicks(Counts):
    affiliate = models.ForeignKey(Affiliate, on_delete=models.CASCADE, related_name="daily_clicks", db_index=False)
    day = models.DateField()  # in UTC
    by = models.CharField(max_length=10, choices=By, default=By.ALL)
    label = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["day"]
        verbose_name_plural = "daily clicks"
        constraints = [
            models.UniqueConstraint(fields=["affiliate", "by", "day", "label"], name="one_count_per_day_and_label")
        ]

    def __str__(self) -> str:
        return f"clicks of {self.day:%Y-%m-%d}"


@not_personal(
    "visits to be added to a day's statistics within a minute; no visitor, no address, no time",
    "id affiliate_id day label_id landing_path clicks unstored_clicks bots previews refused",
    despite_link=OF_THE_AFFILIATE,
    growth=Queue("visits counted"),
)
class PendingVisitCount(Counts):
    affiliate = models.ForeignKey(Affiliate, on_delete=models.CASCADE, related_name="pending_visit_counts")
    day = models.DateField()
    label = models.ForeignKey(
        "affiliates.Label",
        on_delete=models.DO_NOTHING,
        null=True,
        db_index=False,
        db_constraint=False,
        related_name="+",
    )
    landing_path = models.CharField(max_length=300, blank=True)

    class Meta:
        verbose_name_plural = "pending_visit_counts"

    def __str__(self) -> str:
        return f"tally {self.pk}"


@not_personal(
    "clicks on an affiliate's links by the hour; no visitor, no address, no page",
    "id affiliate_id hour clicks",
    despite_link=OF_THE_AFFILIATE,
    growth=Pruned(since="hour", days=90, why="for the portal's list of events; the days are kept"),
)
class HourlyClicks(models.Model):
    """Counted once, with the day's clicks. A click without a row has no hour."""

    id = UUID7Field(primary_key=True)
    affiliate = models.ForeignKey(Affiliate, on_delete=models.CASCADE, related_name="hourly_clicks", db_index=False)
    hour = models.DateTimeField(db_index=True)  # its first moment, in UTC
    clicks = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["hour"]
        verbose_name_plural = "hourly clicks"
        constraints = [models.UniqueConstraint(fields=["affiliate", "hour"], name="one_count_per_hour")]

    def __str__(self) -> str:
        return f"clicks of {self.hour:%Y-%m-%d %H}:00"


@not_personal(
    "the totals of an affiliate's sales per day; no buyer, no order",
    "id affiliate_id day currency orders sales_minor earned_minor reversed_minor",
    despite_link=OF_THE_AFFILIATE,
    growth=Kept("one row per affiliate and day with a sale, as long as the books it sums up"),
)
class DailySales(models.Model):
    """Sales per day of the sale. Amounts are minor units (cents for USD)."""

    affiliate = models.ForeignKey(Affiliate, on_delete=models.CASCADE, related_name="daily_sales", db_index=False)
    day = models.DateField()  # in UTC
    currency = models.CharField(max_length=3)
    orders = models.PositiveIntegerField(default=0)
    sales_minor = models.BigIntegerField(default=0)
    earned_minor = models.BigIntegerField(default=0)
    reversed_minor = models.BigIntegerField(default=0)

    class Meta:
        ordering = ["day"]
        verbose_name_plural = "daily sales"
        constraints = [models.UniqueConstraint(fields=["affiliate", "day", "currency"], name="one_sales_total_per_day")]

    def __str__(self) -> str:
        return f"sales of {self.day:%Y-%m-%d}"


@not_personal(
    "what the affiliates' sales of a day earned, in total, by affiliate and by product; no buyer, no order",
    "id day currency by key orders sales_minor earned_minor reversed_minor",
    despite_link=OF_THE_AFFILIATE,
    growth=Kept("one row per day, affiliate and product with a sale, as long as the books it sums up"),
)
class CommissionDay(DaySum):
    """Sums of commissions by the business's day of the sale, for staff (ADR 86). Amounts are minor units."""

    orders = models.PositiveIntegerField(default=0)
    sales_minor = models.BigIntegerField(default=0)
    earned_minor = models.BigIntegerField(default=0)
    reversed_minor = models.BigIntegerField(default=0)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["by", "day", "currency", "key"], name="one_commission_sum_per_day_and_key")
        ]
