"""What staff choose for a report."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms

from .models import CODE, Affiliate, DailySales
from .reports import Report, ReportBy

LONGEST = 10 * 366  # days
FIRST = date(2010, 1, 1)
PREFERRED = "USD"


def currencies() -> list[str]:
    """Those in which something was sold, the program's own first."""
    sold = set(DailySales.objects.order_by().values_list("currency", flat=True).distinct())
    return sorted(sold | {PREFERRED}, key=lambda currency: (currency != PREFERRED, currency))


class ReportForm(forms.Form):
    """Every field may be empty: by month, of the last twelve months, of all affiliates."""

    by = forms.ChoiceField(label="By", choices=ReportBy.choices, required=False)
    since = forms.DateField(label="from", required=False, widget=forms.DateInput(attrs={"type": "date"}))
    until = forms.DateField(label="to", required=False, widget=forms.DateInput(attrs={"type": "date"}))
    code = forms.RegexField(CODE, label="affiliate", required=False, max_length=32)
    currency = forms.ChoiceField(label="in", required=False)

    def __init__(self, *args: Any, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today = today
        self.fields["currency"] = forms.ChoiceField(
            label="in", required=False, choices=[(code, code) for code in currencies()]
        )
        self.fields["code"].error_messages["invalid"] = "An affiliate's code has letters, digits, hyphens."
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
        until = min(values.get("until") or self.today, self.today)
        if until < FIRST:
            raise forms.ValidationError("That was before there was anything to report.")
        since = values.get("since") or _year_before(until)
        if since > until:
            raise forms.ValidationError("The first day comes after the last one.")
        if (until - since).days > LONGEST:
            raise forms.ValidationError("At most ten years fit into a report.")
        return {**values, "since": since, "until": until}

    def report(self) -> Report:
        """What was chosen; the last twelve months where the choice makes no sense."""
        if not self.is_valid():
            return Report(_year_before(self.today), self.today)
        values = self.cleaned_data
        return Report(
            since=values["since"],
            until=values["until"],
            currency=values["currency"] or PREFERRED,
            code=values["code"],
            by=values["by"] or ReportBy.MONTH,
        )


def _year_before(day: date) -> date:
    """The first day of the twelve months that end with this day's."""
    return day.replace(year=day.year - 1, month=day.month + 1, day=1) if day.month < 12 else day.replace(month=1, day=1)
