"""Traffic reports between two dates. Domains with few views are grouped."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property

from django.db.models import Sum

from .models import CountQuerySet, DomainDay, PageDay

SHOWN_FROM = 3  # views; domains with fewer are grouped into one row
OTHER = "other"


@dataclass(frozen=True)
class TrafficReport:
    """`first` and `last` are days, inclusive."""

    first: date
    last: date

    @cached_property
    def days(self) -> list[tuple[date, int]]:
        """Page views per day, including days without any."""
        counted = dict(self._pages().order_by().values_list("day").annotate(sum=Sum("views")))
        span = range((self.last - self.first).days + 1)
        return [(day, counted.get(day, 0)) for day in (self.first + timedelta(days=n) for n in span)]

    @cached_property
    def pages(self) -> list[tuple[str, int]]:
        return self._pages().top("page")

    @cached_property
    def domains(self) -> list[tuple[str, int]]:
        """Highest first; domains below the threshold are one row at the end."""
        counted = DomainDay.objects.filter(day__range=(self.first, self.last)).top("domain")
        shown = [row for row in counted if row[1] >= SHOWN_FROM]
        folded = sum(views for _, views in counted if views < SHOWN_FROM)
        return [*shown, (OTHER, folded)] if folded else shown

    @property
    def total(self) -> int:
        return sum(views for _, views in self.days)

    def table(self, name: str) -> list[tuple[str | date, int]]:
        """`days`, `pages` or `domains`, for a file. Raises `KeyError` for another name."""
        if name not in {"days", "pages", "domains"}:
            raise KeyError(name)
        return list(getattr(self, name))

    def _pages(self) -> CountQuerySet:
        return PageDay.objects.filter(day__range=(self.first, self.last))
