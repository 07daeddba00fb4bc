"""Two tables of counts, without foreign keys: nothing links a count to a visit."""

from __future__ import annotations

from django.db import models
from django.db.models import Sum

from privacy.registry.declarations import not_personal
from privacy.registry.growth import Pruned

KEPT_DAYS = 1096


class CountQuerySet(models.QuerySet["models.Model"]):
    def top(self, name: str) -> list[tuple[str, int]]:
        """Totals per name, highest first."""
        sums = self.order_by().values_list(name).annotate(sum=Sum("views"))
        return sorted(((str(key), int(views)) for key, views in sums), key=lambda row: (-row[1], row[0]))


@not_personal(
    "how many pages were read from a network's domain on a day; nothing links it to a visit",
    "id day domain views",
    growth=Pruned(since="day", days=KEPT_DAYS, why="to compare a month with those of the two years before"),
)
class DomainDay(models.Model):
    day = models.DateField()
    domain = models.CharField(max_length=253)
    views = models.PositiveIntegerField("pages read")

    objects = CountQuerySet.as_manager()

    class Meta:
        verbose_name = "traffic of a domain"
        verbose_name_plural = "traffic"
        constraints = [models.UniqueConstraint(fields=["day", "domain"], name="one_count_per_day_and_domain")]

    def __str__(self) -> str:
        return f"{self.domain} on {self.day}"


@not_personal(
    "how often a page was read on a day",
    "id day page views",
    growth=Pruned(since="day", days=KEPT_DAYS, why="to compare a month with those of the two years before"),
)
class PageDay(models.Model):
    day = models.DateField()
    page = models.CharField(max_length=300)
    views = models.PositiveIntegerField("times read")

    objects = CountQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["day", "page"], name="one_count_per_day_and_page")]

    def __str__(self) -> str:
        return f"{self.page} on {self.day}"
