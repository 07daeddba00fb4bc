"""The period of a report: days in the business's time zone, chosen by name or by its first and last day.

Every report of the admin takes its period from here, so that two reports of "last month" are about the same moments.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Literal
from urllib.parse import urlencode

from django import forms
from django.db import models

from privacy.registry.deadlines import business_zone, local_day

EARLIEST = date(2000, 1, 1)
LONGEST = 10 * 366  # days
BY_DAY = 92  # days; a longer period is shown by month

Step = Literal["day", "month"]


@dataclass(frozen=True)
class ReportPeriod:
    """From `since` to `until`, both included. `compared_by` says how far back the period before it begins."""

    since: date
    until: date
    compared_by: Literal["days", "month", "year"] = "days"

    @property
    def days(self) -> int:
        return (self.until - self.since).days + 1

    @property
    def start(self) -> datetime:
        return _midnight(self.since)

    @property
    def end(self) -> datetime:
        """The first moment after it."""
        return _midnight(self.until + timedelta(days=1))

    @property
    def before(self) -> ReportPeriod:
        """The same days of the month or year before, or as many days right before."""
        if self.compared_by == "days":
            return ReportPeriod(self.since - timedelta(days=self.days), self.since - timedelta(days=1))
        months = 1 if self.compared_by == "month" else 12
        until = _months_earlier(self.until, months)
        if self.until == _last_of_month(self.until):
            until = _last_of_month(until)
        return ReportPeriod(_months_earlier(self.since, months), until, self.compared_by)

    @property
    def step(self) -> Step:
        """What a series over this period is shown by."""
        return "day" if self.days <= BY_DAY else "month"

    def starts(self, step: Step) -> Iterator[date]:
        """The days, or the first days of the months, without a gap."""
        day = self.since if step == "day" else self.since.replace(day=1)
        while day <= self.until:
            yield day
            day = day + timedelta(days=1) if step == "day" else _last_of_month(day) + timedelta(days=1)

    def __str__(self) -> str:
        """`November 2026`, `2026`, `November 29, 2026` or `November 1 to 29, 2026`."""
        first, last = self.since, self.until
        if first == last:
            return f"{first:%B %-d, %Y}"
        if first.day == 1 and last == _last_of_month(last):
            if (first.year, first.month) == (last.year, last.month):
                return f"{first:%B %Y}"
            if first.year == last.year and (first.month, last.month) == (1, 12):
                return f"{first:%Y}"
        if (first.year, first.month) == (last.year, last.month):
            return f"{first:%B %-d} to {last:%-d, %Y}"
        if first.year == last.year:
            return f"{first:%B %-d} to {last:%B %-d, %Y}"
        return f"{first:%B %-d, %Y} to {last:%B %-d, %Y}"


def chosen_days(since: date, until: date) -> ReportPeriod:
    """Any two days. A whole month is compared with the month before, a whole year with the year before."""
    whole = since.day == 1 and until == _last_of_month(until) and since.year == until.year
    if whole and since.month == until.month:
        return ReportPeriod(since, until, "month")
    return ReportPeriod(since, until, "year" if whole and (since.month, until.month) == (1, 12) else "days")


class Preset(models.TextChoices):
    """Periods that are one click away."""

    TODAY = "today", "Today"
    LAST_7 = "7-days", "Last 7 days"
    THIS_MONTH = "this-month", "This month"
    LAST_MONTH = "last-month", "Last month"
    LAST_30 = "30-days", "Last 30 days"
    THIS_YEAR = "this-year", "This year"

    def period(self, today: date) -> ReportPeriod:
        """This period, as seen from `today`; it ends today at the latest."""
        if self == Preset.LAST_MONTH:
            last = today.replace(day=1) - timedelta(days=1)
            return ReportPeriod(last.replace(day=1), last, "month")
        if self == Preset.THIS_MONTH:
            return ReportPeriod(today.replace(day=1), today, "month")
        if self == Preset.THIS_YEAR:
            return ReportPeriod(today.replace(month=1, day=1), today, "year")
        days = {Preset.TODAY: 1, Preset.LAST_7: 7, Preset.LAST_30: 30}[self]
        return ReportPeriod(today - timedelta(days=days - 1), today)


@dataclass(frozen=True)
class PresetLink:
    """A preset on a page. `query` keeps the rest of the choice."""

    label: str
    query: str
    is_chosen: bool


class PeriodForm(forms.Form):
    """A preset, or two days. Empty fields take the form's default, so that the page says what it shows."""

    usual = Preset.LAST_30
    offered = (Preset.THIS_MONTH, Preset.LAST_MONTH, Preset.LAST_30, Preset.THIS_YEAR)

    since = forms.DateField(label="From", widget=forms.DateInput({"type": "date"}, "%Y-%m-%d"))
    until = forms.DateField(label="To", widget=forms.DateInput({"type": "date"}, "%Y-%m-%d"))

    def __init__(self, given: Mapping[str, Any], *, now: datetime, defaults: Mapping[str, str] | None = None) -> None:
        """`given` is a query string. Days that were typed count more than a preset."""
        self.today = local_day(now)
        typed = {name: given[name] for name in given if given[name]}
        named = typed.get("period", "") if not {"since", "until"} & typed.keys() else ""
        self.preset: Preset | None = Preset(named) if named in Preset.values else None
        if self.preset is None and not {"since", "until"} & typed.keys():
            self.preset = self.usual
        shown = (self.preset or self.usual).period(self.today)
        days = {"since": f"{shown.since}", "until": f"{shown.until}"}
        super().__init__({**(defaults or {}), **days, **typed})

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        since, until = values.get("since"), values.get("until")
        if since and until:
            self._check_days(since, until)
            values["until"] = min(until, self.today)
        return values

    def _check_days(self, since: date, until: date) -> None:
        if since > until:
            raise forms.ValidationError("The first day is after the last one.")
        if since < EARLIEST or since > self.today or until > self.today.replace(month=12, day=31):
            raise forms.ValidationError(
                f"Please choose days from {EARLIEST:%B %-d, %Y} to {self.today:%B %-d, %Y}, which is today."
            )
        if (until - since).days >= LONGEST:
            raise forms.ValidationError("Please choose at most ten years.")

    @property
    def period(self) -> ReportPeriod:
        """The chosen period; ask only a valid form."""
        if self.preset is not None:
            return self.preset.period(self.today)
        return chosen_days(self.cleaned_data["since"], self.cleaned_data["until"])

    @property
    def presets(self) -> list[PresetLink]:
        """Links to the presets, with whatever else was chosen."""
        kept = self.fields.keys() - {"since", "until"} - self.errors.keys()
        rest = {name: self.data[name] for name in sorted(kept) if self.data.get(name)}
        return [PresetLink(p.label, f"?{urlencode({'period': p, **rest})}", p == self.preset) for p in self.offered]


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time.min, business_zone())


def _months_earlier(day: date, months: int) -> date:
    """The same day, or the last one of a shorter month."""
    count = day.year * 12 + day.month - 1 - months
    first = date(count // 12, count % 12 + 1, 1)
    return first.replace(day=min(day.day, _last_of_month(first).day))


def _last_of_month(day: date) -> date:
    return (day.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)
