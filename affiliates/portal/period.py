"""The period of a statistics page, chosen in its address."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, Literal

from django import forms
from django.http import QueryDict

LONGEST = 5 * 366  # days
BY_DAY = 92  # days; a longer period is shown by month


@dataclass(frozen=True)
class Period:
    """From `since` to `until` inclusive. Days are UTC."""

    since: date
    until: date

    @property
    def days(self) -> int:
        return (self.until - self.since).days + 1

    @property
    def before(self) -> Period:
        """The same number of days right before."""
        return Period(self.since - timedelta(days=self.days), self.since - timedelta(days=1))

    @property
    def step(self) -> Literal["day", "month"]:
        return "day" if self.days <= BY_DAY else "month"

    @property
    def query(self) -> str:
        return f"since={self.since}&until={self.until}"


@dataclass(frozen=True)
class PeriodChoice:
    """A period that is one click away."""

    name: str
    period: Period
    is_chosen: bool


class PortalPeriodForm(forms.Form):
    """Two days in the query string, and a currency if there are several. The default is the last 30 days and the first
    currency."""

    since = forms.DateField(label="From", required=False, widget=forms.DateInput({"type": "date"}, "%Y-%m-%d"))
    until = forms.DateField(label="To", required=False, widget=forms.DateInput({"type": "date"}, "%Y-%m-%d"))

    def __init__(self, query: QueryDict, now: datetime, currencies: Sequence[str] = ()) -> None:
        self.today, self.currencies = now.astimezone(UTC).date(), currencies
        self.usual = last_days(30, self.today)
        named = {name: query[name] for name in ("since", "until", "currency") if query.get(name)}
        super().__init__({"since": str(self.usual.since), "until": str(self.usual.until), **named})
        if len(currencies) > 1:
            self.fields["currency"] = forms.ChoiceField(label="In", choices=[(one, one) for one in currencies])
            self.data = {"currency": currencies[0], **self.data}

    def clean(self) -> dict[str, Any]:
        found = super().clean() or {}
        since, until = found.get("since"), found.get("until")
        if since and until and since > until:
            raise forms.ValidationError("The first day is after the last one.")
        if since and until and (until - since).days >= LONGEST:
            raise forms.ValidationError("Please choose at most five years.")
        if until and until > self.today + timedelta(days=366):
            raise forms.ValidationError("Please choose days up to today.")
        if since and since.year < 2000:
            raise forms.ValidationError("Please choose days after 1999.")
        return found

    @property
    def period(self) -> Period:
        """The chosen period; the last 30 days if it is invalid."""
        if not self.is_valid():
            return self.usual
        return Period(self.cleaned_data["since"] or self.usual.since, self.cleaned_data["until"] or self.usual.until)

    @property
    def chosen_currency(self) -> str:
        chosen: str = self.data.get("currency", "")
        return chosen if chosen in self.currencies else self.currencies[0]

    @property
    def choices(self) -> list[PeriodChoice]:
        named = {
            "7 days": last_days(7, self.today),
            "30 days": self.usual,
            "90 days": last_days(90, self.today),
            "12 months": last_year(self.today),
        }
        return [PeriodChoice(name, period, period == self.period) for name, period in named.items()]


def last_days(days: int, today: date) -> Period:
    return Period(today - timedelta(days=days - 1), today)


def last_year(today: date) -> Period:
    """This month and the eleven before it, from the first day of the first."""
    months = today.year * 12 + today.month - 12
    return Period(date(months // 12, months % 12 + 1, 1), today)
