"""The form that staff use to choose a report of the shop."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django import forms

from privacy.admin_base.reporting.periods import PeriodForm, Preset
from shop.money import CURRENCIES, program_currency

from .breakdowns import breakdowns
from .sales_report import SalesReport

MOST_DAYS = 366  # rows of a report by day


class SalesReportForm(PeriodForm):
    """By default last month by day, in the program's currency."""

    usual = Preset.LAST_MONTH

    by = forms.ChoiceField(label="By", required=False)
    currency = forms.ChoiceField(label="In", required=False, choices=[(code, code) for code in CURRENCIES])

    def __init__(self, given: Mapping[str, Any], *, now: datetime) -> None:
        super().__init__(given, now=now, defaults={"currency": program_currency()})
        divided = [(one.key, one.label) for one in breakdowns().values()]
        self.fields["by"] = forms.ChoiceField(
            label="By", required=False, choices=[("", "Day or month"), ("day", "Day"), ("month", "Month"), *divided]
        )

    def clean(self) -> dict[str, Any]:
        values = super().clean()
        days = (values["until"] - values["since"]).days + 1 if "until" in values and "since" in values else 0
        if values.get("by") == "day" and days > MOST_DAYS:
            raise forms.ValidationError("Please choose at most a year by day, or show it by month.")
        return values

    @property
    def report(self) -> SalesReport:
        """The chosen report; ask only a valid form."""
        period = self.period
        return SalesReport(period, self.cleaned_data["currency"], self.cleaned_data["by"] or period.step)
