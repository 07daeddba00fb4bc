"""Sums by finished day, so that a report of years reads days instead of rows (ADR 86).

A report adds two parts: the days that stand in a table of sums, and everything else, which it sums as it is. What
changes rows of a finished day leaves a `ChangedMoment`, written by a trigger in the same transaction: from then on that
day is "everything else", until the scheduler has summed it again. So a sum is exact at any moment, and no change waits
for another one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import reduce
from operator import or_

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from privacy.models import ChangedMoment, DaySum, SummedDays
from privacy.registry.deadlines import local_day

from .periods import ReportPeriod

DAYS_AT_ONCE = 7  # in one transaction, so that no writer waits for long
DAYS_A_RUN = 366
MOST_CHANGES = 5000  # moments that are looked at; with more, a report sums everything as it is
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Parts:
    """A period in two parts: `summed` are the days that stand in the table, `live` the stretches that don't."""

    summed: Q | None
    live: list[ReportPeriod]

    def within(self, column: str) -> Q | None:
        """The moments of the second part. None if there are none."""
        stretches = [Q(**{f"{column}__gte": one.start, f"{column}__lt": one.end}) for one in self.live]
        return reduce(or_, stretches) if stretches else None


@dataclass(frozen=True)
class DaySums:
    """The sums of one subject. `of` makes the rows of all days of a period, from the rows that they sum. `first` is
    the moment of the oldest such row. `divided_by` names the divisions: with another one, all days are summed anew."""

    subject: str
    table: type[DaySum]
    of: Callable[[ReportPeriod], Iterable[DaySum]]
    first: Callable[[], datetime | None]
    divided_by: Callable[[], Iterable[str]]

    @property
    def version(self) -> str:
        return " ".join([str(settings.BUSINESS["time_zone"]), *sorted(self.divided_by())])

    def parts(self, period: ReportPeriod) -> Parts:
        """Two queries. Changes are looked up first: whoever changes a day later has not been reported yet."""
        within = ChangedMoment.objects.filter(subject=self.subject, at__gte=period.start, at__lt=period.end)
        moments = list(within.order_by().values_list("at", flat=True)[: MOST_CHANGES + 1])
        through = self._through()
        if through is None or through < period.since or len(moments) > MOST_CHANGES:
            return Parts(None, [period])
        last = min(through, period.until)
        changed = {day for day in map(local_day, moments) if day <= last}
        live = {*changed, *_days(last + DAY, period.until)}
        return Parts(Q(day__gte=period.since, day__lte=last) & ~Q(day__in=changed), list(_stretches(live)))

    def sum_finished(self, *, now: datetime) -> int:
        """Sums the days that changed or ended. Returns how many; a year at most. Safe to run concurrently."""
        done = 0
        while done < DAYS_A_RUN and (more := self._sum_some(now)):
            done += more
        return done

    def differing_days(self) -> list[date]:
        """The finished days whose sums aren't what their rows add up to. A day that changed and waits to be summed
        again is left out: no report reads it."""
        through, first = self._through(), self.first()
        stored = self.table._default_manager.order_by("day").values_list("day", flat=True).first()
        began = [day for day in (stored, first and local_day(first)) if day is not None]
        if through is None or not began:
            return []
        columns = [field.attname for field in self.table._meta.concrete_fields if not field.primary_key]
        different: set[date] = set()
        since = min(began)
        while since <= through:
            stretch = ReportPeriod(since, min(through, since + (DAYS_AT_ONCE - 1) * DAY))
            rows = self.table._default_manager.filter(day__gte=stretch.since, day__lte=stretch.until)
            found = set(rows.values_list(*columns))
            wanted = {tuple(getattr(row, column) for column in columns) for row in self.of(stretch)}
            different |= {values[columns.index("day")] for values in found ^ wanted}
            since = stretch.until + DAY
        changed = ChangedMoment.objects.filter(subject=self.subject).values_list("at", flat=True)
        return sorted(different - {local_day(moment) for moment in changed})

    def sum_again(self, days: Iterable[date]) -> None:
        for stretch in _stretches(days):
            with transaction.atomic():
                SummedDays.objects.select_for_update().get(pk=self.subject)
                self._write(stretch)

    def _through(self) -> date | None:
        found = SummedDays.objects.filter(subject=self.subject, version=self.version)
        return found.values_list("through", flat=True).first()

    @transaction.atomic
    def _sum_some(self, now: datetime) -> int:
        """Some days, in one short transaction. Only one process at a time is in here, so that none deletes a change
        that another has just read too early to include."""
        SummedDays.objects.bulk_create([SummedDays(subject=self.subject)], ignore_conflicts=True)
        position = SummedDays.objects.select_for_update().get(pk=self.subject)
        if position.version != self.version:
            self.table._default_manager.all().delete()
            position.version, position.through = self.version, None
        return self._sum_changed(position.through) or self._sum_ended(position, now)

    def _sum_changed(self, through: date | None) -> int:
        """Deletes exactly the changes that were read: one that was committed later is read by the next step. A day
        that isn't in the table yet needs nothing."""
        changes = ChangedMoment.objects.filter(subject=self.subject).order_by("pk")[:MOST_CHANGES]
        by_day: dict[date, list[int]] = {}
        for pk, at in changes.values_list("pk", "at"):
            by_day.setdefault(local_day(at), []).append(pk)
        again = sorted(day for day in by_day if through and day <= through)[:DAYS_AT_ONCE]
        for stretch in _stretches(again):
            self._write(stretch)
        done = [pk for day, pks in by_day.items() if through is None or day > through or day in again for pk in pks]
        ChangedMoment.objects.filter(pk__in=done).delete()
        return len(again)

    def _sum_ended(self, position: SummedDays, now: datetime) -> int:
        """The days after the last one in the table, until yesterday."""
        yesterday, through = local_day(now) - DAY, position.through
        if through is None:
            first = self.first()
            through = min(local_day(first) if first else yesterday, yesterday) - DAY
        ended = ReportPeriod(through + DAY, min(yesterday, through + timedelta(days=DAYS_AT_ONCE)))
        if ended.days < 1:
            return 0
        self._write(ended)
        position.through = ended.until
        position.save()
        return ended.days

    def _write(self, stretch: ReportPeriod) -> None:
        self.table._default_manager.filter(day__gte=stretch.since, day__lte=stretch.until).delete()
        self.table._default_manager.bulk_create(self.of(stretch), batch_size=500)


def _days(since: date, until: date) -> Iterator[date]:
    while since <= until:
        yield since
        since += DAY


def _stretches(days: Iterable[date]) -> Iterator[ReportPeriod]:
    """Adjacent days as one period."""
    first: date | None = None
    before: date | None = None
    for day in sorted(days):
        if first is None or before is None:
            first = day
        elif day > before + DAY:
            yield ReportPeriod(first, before)
            first = day
        before = day
    if first is not None and before is not None:
        yield ReportPeriod(first, before)
