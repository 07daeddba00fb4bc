"""The shop's sales by finished day, for its reports (ADR 86)."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from privacy.models import DaySum
from privacy.registry.declarations import not_personal
from privacy.registry.growth import Kept


@not_personal(
    "what the shop sold and refunded on a day; no order, no buyer",
    "id day currency by key orders gross_minor refund_count refunds_minor",
    growth=Kept("one row per day and product, as long as the books it sums up"),
)
class SalesDay(DaySum):
    """Sums of paid orders and completed refunds. Amounts are minor units (cents for USD)."""

    orders = models.PositiveIntegerField(default=0)
    gross_minor = models.BigIntegerField(default=0)
    refund_count = models.PositiveIntegerField(default=0)
    refunds_minor = models.BigIntegerField(default=0)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["by", "day", "currency", "key"], name="one_sum_per_day_and_key")
        ]
