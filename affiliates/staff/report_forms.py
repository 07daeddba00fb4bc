"""The form that staff use to choose a report about affiliates."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django import forms

from affiliates.models import Affiliate
from affiliates.statistics.reports import AffiliateReport, ReportBy
from privacy.admin_base.reporting.periods import PeriodForm, Preset
from shop.money import CURRENCIES, program_currency

MOST_DAYS = 366  # rows of a report by day


class ReportForm(PeriodForm):
    """All fields are optional: by default last month of all affiliates, by affiliate."""

    usual = Preset.LAST_MONTH

    by = forms.ChoiceField(label="By", choices=ReportBy.choices)
    code = forms.CharField(
        label="Affiliate", required=False, max_length=300, widget=forms.TextInput({"placeholder": "all"})
    )
    currency = forms.ChoiceField(label="In", choices=[(code, code) for code in CURRENCIES])

    def __init__(self, given: Mapping[str, Any], *, now: datetime) -> None:
        super().__init__(given, now=now, defaults={"by": ReportBy.AFFILIATE, "currency": program_currency()})

    def clean_code(self) -> str:
        """The code in use, from a code in any spelling, an earlier code, or a whole link that was pasted."""
        typed = self.cleaned_data["code"]
        if not typed:
            return ""
        affiliate = Affiliate.objects.all().spelled(typed).first()
        if affiliate is None:
            raise forms.ValidationError("No affiliate has this code or link.")
        return affiliate.code

    def clean(self) -> dict[str, Any]:
        values = super().clean()
        days = (values["until"] - values["since"]).days + 1 if "until" in values and "since" in values else 0
        if values.get("by") == ReportBy.DAY and days > MOST_DAYS:
            raise forms.ValidationError("Please choose at most a year by day, or show it by month.")
        return values

    @property
    def report(self) -> AffiliateReport:
        """The chosen report; ask only a valid form."""
        values = self.cleaned_data
        return AffiliateReport(self.period, values["currency"], values["by"], values["code"])
