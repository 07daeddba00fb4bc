"""The day of a moment where the business is, calculated in the database."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db import connection
from django.db.models import Case, DateField, F, Func, Value, When
from django.db.models.expressions import Combinable
from django.db.models.functions import TruncDate

from privacy.registry.deadlines import business_zone

from .periods import ReportPeriod


def day_of(column: str, period: ReportPeriod) -> Combinable:
    """An expression for the day of `column` in the business's time zone. Moments outside the period get any day.

    SQLite has no time zones, and Django's own truncation calls Python for each row: a month of 30,000 orders took
    longer than the rest of its report. There, each part of the period with one offset from UTC is shifted by it.
    """
    if connection.vendor != "sqlite":
        return TruncDate(column, tzinfo=business_zone())
    *earlier, (_, last) = _offsets(period)
    return Case(
        *(When(**{f"{column}__lt": end}, then=_shifted(column, offset)) for end, offset in earlier),
        default=_shifted(column, last),
    )


def _shifted(column: str, offset: timedelta) -> Func:
    shift = Value(f"{offset.total_seconds():+.0f} seconds")
    return Func(F(column), shift, function="date", output_field=DateField())


def _offsets(period: ReportPeriod) -> Iterator[tuple[datetime, timedelta]]:
    """The offsets from UTC in it, each with the moment it ends: daylight saving time changes them twice a year."""
    moment, step = period.start, timedelta(hours=6)
    while moment < period.end:
        following = _later(moment, step)
        if following.utcoffset() != moment.utcoffset():
            yield _change_between(moment, following), moment.utcoffset() or timedelta()
        moment = following
    yield period.end, moment.utcoffset() or timedelta()


def _change_between(before: datetime, after: datetime) -> datetime:
    """The second in which the offset changes."""
    while (distance := (after.timestamp() - before.timestamp())) > 1:
        middle = _later(before, timedelta(seconds=distance // 2))
        before, after = (middle, after) if middle.utcoffset() == before.utcoffset() else (before, middle)
    return after


def _later(moment: datetime, by: timedelta) -> datetime:
    """Counted in elapsed time, not by the clock on the wall."""
    zone = business_zone()
    return datetime.fromtimestamp(moment.timestamp() + by.total_seconds(), zone)
