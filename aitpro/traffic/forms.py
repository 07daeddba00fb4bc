from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django import forms

from .reports import TrafficReport

LONGEST = 366  # days on one page


class TrafficPeriodForm(forms.Form):
    """The days to show; by default the last 30."""

    first = forms.DateField(label="From", required=False, widget=forms.DateInput(attrs={"type": "date"}))
    last = forms.DateField(label="to", required=False, widget=forms.DateInput(attrs={"type": "date"}))

    def __init__(self, *args: Any, today: date, **kwargs: Any) -> None:
        self.usual = TrafficReport(today - timedelta(days=29), today)
        super().__init__(*args, **kwargs)
        self.initial = {"first": self.usual.first, "last": self.usual.last}

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        last = cleaned.get("last") or self.usual.last
        if last.year < 2000:
            raise forms.ValidationError("There is nothing before the year 2000.")
        first = cleaned.get("first") or last - timedelta(days=29)
        if first > last:
            raise forms.ValidationError("The first day comes after the last one.")
        if (last - first).days >= LONGEST:
            raise forms.ValidationError("At most a year fits on the page.")
        return {"first": first, "last": last}

    def report(self) -> TrafficReport:
        """The chosen days; the last 30 if the choice is invalid."""
        if self.is_valid():
            return TrafficReport(self.cleaned_data["first"], self.cleaned_data["last"])
        return self.usual
