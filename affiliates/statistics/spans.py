"""Calendar periods in UTC, as affiliates see them in statements, reports and the steps of a rate."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

WRITTEN = re.compile(r"\A(20\d\d)(?:-(?:(0[1-9]|1[0-2])|Q([1-4])))?\Z")


@dataclass(frozen=True)
class Span:
    """A calendar month, quarter or year in UTC: from `start` (inclusive) to `end` (exclusive)."""

    text: str  # as in an address: 2026-03, 2026-Q1, 2026
    name: str
    start: datetime
    end: datetime

    @property
    def since(self) -> date:
        return self.start.date()

    @property
    def until(self) -> date:
        """The last day."""
        return self.end.date() - timedelta(days=1)

    @classmethod
    def around(cls, moment: datetime, period: str) -> Span:
        """The `month`, `quarter` or `year` that contains the moment."""
        day = moment.astimezone(UTC)
        texts = {"month": f"{day:%Y-%m}", "quarter": f"{day.year}-Q{(day.month + 2) // 3}", "year": f"{day.year}"}
        span = cls.parse(texts[period])
        if span is None:
            raise ValueError("Periods are those of this century.")
        return span

    @classmethod
    def parse(cls, text: str) -> Span | None:
        found = WRITTEN.match(text)
        if found is None:
            return None
        year, month, quarter = int(found[1]), found[2], found[3]
        if month:
            return cls(text, f"{date(year, int(month), 1):%B %Y}", *_month_range(year, int(month), 1))
        if quarter:
            return cls(text, f"Quarter {quarter} of {year}", *_month_range(year, int(quarter) * 3 - 2, 3))
        return cls(text, f"Year {year}", *_month_range(year, 1, 12))


def _month_range(year: int, first: int, count: int) -> tuple[datetime, datetime]:
    after = year * 12 + first - 1 + count
    return datetime(year, first, 1, tzinfo=UTC), datetime(after // 12, after % 12 + 1, 1, tzinfo=UTC)
