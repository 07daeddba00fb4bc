"""Forms for payout runs."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.utils import timezone

from affiliates.currencies import currencies_due
from affiliates.models import PayoutRun
from privacy.registry.deadlines import local_day


class PrepareForm(forms.Form):
    currency = forms.ChoiceField(required=False)
    method = forms.ChoiceField(choices=PayoutRun.Method, initial=PayoutRun.Method.PAYPAL, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.currencies = currencies_due()
        currency: Any = self.fields["currency"]
        currency.choices = [(name, name) for name in self.currencies]

    @property
    def chosen_currency(self) -> str:
        """The chosen currency; the first one due if none, or an invalid one, was chosen."""
        return self.cleaned_data["currency"] if self.is_valid() else self.currencies[0]

    def clean_currency(self) -> str:
        return self.cleaned_data["currency"] or self.currencies[0]

    def clean_method(self) -> PayoutRun.Method:
        return PayoutRun.Method(self.cleaned_data["method"] or PayoutRun.Method.PAYPAL)


class SettleForm(forms.Form):
    PAID, FAILED = "paid", "failed"
    NEEDED: ClassVar[dict[str, tuple[tuple[str, str], ...]]] = {
        PAID: (("paid_on", "Please enter the day of the payment."), ("reference", "Please enter its reference.")),
        FAILED: (("reason", "Please enter a reason. Staff see it with the payout."),),
    }

    outcome = forms.ChoiceField(
        label="Outcome",
        choices=[(PAID, "Paid"), (FAILED, "Failed: the money is due again")],
        widget=forms.RadioSelect,
    )
    paid_on = forms.DateField(
        label="Paid on",
        required=False,
        initial=lambda: local_day(timezone.now()),
        widget=forms.DateInput(attrs={"type": "date"}),
    )
    reference = forms.CharField(
        required=False,
        max_length=64,
        help_text="The transfer's number. The affiliate sees it, so enter no names.",
    )
    reason = forms.CharField(label="Reason of the failure", required=False, max_length=100)

    def clean(self) -> dict[str, Any]:
        for name, question in self.NEEDED.get(self.cleaned_data.get("outcome", ""), ()):
            if name not in self.errors and not self.cleaned_data.get(name):
                self.add_error(name, question)
        return self.cleaned_data
