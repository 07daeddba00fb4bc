"""The form that staff use to choose a report."""

from __future__ import annotations

from datetime import date
from typing import Any, cast

from django import forms
from django.http import QueryDict

from affiliates.currencies import program_currency_first
from affiliates.models import CODE, Affiliate, DailySales
from affiliates.statistics.reports import AffiliateReport, ReportBy
from shop.money import program_currency

LONGEST = 10 * 366  # days


def currencies() -> list[str]:
    """The currencies with sales, the program's first."""
    sold = set(DailySales.objects.order_by().values_list("currency", flat=True).distinct())
    return program_currency_first(sold | {program_currency()})


class ReportForm(forms.Form):
    """All fields are optional: by default the last twelve months of all affiliates, by month."""

    by = forms.ChoiceField(label="By", choices=ReportBy.choices)
    since = forms.DateField(label="from", widget=forms.DateInput(attrs={"type": "date"}))
    until = forms.DateField(label="to", widget=forms.DateInput(attrs={"type": "date"}))
    code = forms.RegexField(CODE, label="affiliate", required=False, max_length=32)
    currency = forms.ChoiceField(label="in")

    def __init__(self, given: QueryDict, *, today: date) -> None:
        """Fills empty fields with the defaults that are shown."""
        chosen = {name: value for name, value in given.items() if value}
        shown = {
            "by": ReportBy.MONTH,
            "since": _twelve_months_before(today),
            "until": today,
            "currency": program_currency(),
        }
        super().__init__({**shown, **chosen})
        self.today = today
        self.fields["currency"] = forms.ChoiceField(label="in", choices=[(code, code) for code in currencies()])
        self.fields["code"].error_messages["invalid"] = "An affiliate's code has letters, digits and hyphens."
        self.fields["code"].widget.attrs.update(placeholder="all", size=12)

    def clean_code(self) -> str:
        typed = self.cleaned_data["code"]
        if not typed:
            return ""
        affiliate = Affiliate.objects.all().spelled(typed).first()
        if affiliate is None:
            raise forms.ValidationError("No affiliate has this code.")
        return affiliate.code

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        since, until = values.get("since"), values.get("until")
        if since and until and since > until:
            raise forms.ValidationError("The first day is after the last one.")
        if since and until and (until - since).days > LONGEST:
            raise forms.ValidationError("Please choose at most ten years.")
        return values

    def clean_until(self) -> date:
        """The report ends today at the latest."""
        return min(cast(date, self.cleaned_data["until"]), self.today)

    def report(self) -> AffiliateReport:
        """The chosen report; the last twelve months if the choice is invalid."""
        if not self.is_valid():
            return AffiliateReport(_twelve_months_before(self.today), self.today)
        values = self.cleaned_data
        return AffiliateReport(values["since"], values["until"], values["currency"], values["code"], values["by"])


def _twelve_months_before(day: date) -> date:
    """The first day of the twelve months that end with this day's."""
    return day.replace(year=day.year - 1, month=day.month + 1, day=1) if day.month < 12 else day.replace(month=1, day=1)
