"""The refund form: the sum, why, and what becomes of the license. It acts once its button has named the typed sum."""

from __future__ import annotations

import uuid
from typing import Any

from django import forms

from shop.models import Payment, Refund
from shop.money import Money
from shop.money_fields import MoneyFormField
from shop.payments.refunds import RefundTerms

LICENSE = {
    "": "End with a full refund, stay with a partial one",
    "stays": "Stay: the buyer keeps license and downloads",
    "ends": "End: license key and downloads stop working",
}
KEEPS = {"": None, "stays": True, "ends": False}


def refund_message(refund: Refund) -> str:
    """What became of the refund, with the sum and the buyer."""
    order = refund.payment.order
    if refund.state == Refund.State.PENDING:
        return f"{refund.total} to {order.buyer} is pending at PayPal. It is looked up until it has completed."
    return f"{refund.total} {refund.get_state_display()} to {order.buyer}."


class RefundForm(forms.Form):
    """`stated` is the value of the button that was pressed: the sum that it named. Another sum than the typed one is
    asked about first (`asks`), with a button that names the typed one. Where scripts run, the button follows the field
    (static/aitpro/js/refund-sum.js)."""

    amount = MoneyFormField(label="Amount to refund")
    reason = forms.CharField(
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3, "cols": 60}),
        help_text="For colleagues, and for the buyer's copy of their data.",
    )
    mail_reason = forms.BooleanField(
        label="Mail this reason to the buyer with the notice of the refund", required=False
    )
    license = forms.ChoiceField(
        label="License and downloads", choices=list(LICENSE.items()), required=False, widget=forms.RadioSelect
    )
    number = forms.UUIDField(widget=forms.HiddenInput)  # the same for a second press of the button

    def __init__(self, data: Any = None, *, payment: Payment) -> None:
        self.payment, self.available, self.asks = payment, payment.available_to_refund, False
        super().__init__(data, initial={"amount": self.available, "number": uuid.uuid4(), "license": ""})
        self.fields["amount"].currency = payment.currency  # type: ignore[attr-defined]  # of a `MoneyFormField`
        self.fields["amount"].help_text = f"At most {self.available}."
        if payment.order.is_erased:
            del self.fields["reason"], self.fields["mail_reason"]
        if not payment.order.is_delivered:
            del self.fields["license"]

    @property
    def was_sent_before(self) -> bool:
        """Whether this form already made a refund; the amount may then exceed what is left."""
        number = self.cleaned_data.get("number")
        return number is not None and self.payment.refunds.filter(pk=number).exists()

    @property
    def sum(self) -> Money:
        """The sum that the button names."""
        typed = getattr(self, "cleaned_data", {}).get("amount")
        return typed or self.available

    @property
    def stated(self) -> str:
        return str(self.sum)

    @property
    def terms(self) -> RefundTerms:
        return RefundTerms(
            reason=self.cleaned_data.get("reason", ""),
            mail_reason=self.cleaned_data.get("mail_reason", False),
            keeps_license=KEEPS[self.cleaned_data.get("license", "")],
        )

    def clean(self) -> None:
        if not (number := self.cleaned_data.get("number")) or not number.int:
            self.errors.pop("number", None)
            self.add_error(None, "This form is incomplete. Open the page again.")
        amount = self.cleaned_data.get("amount")
        if amount is not None and amount > self.available and not self.was_sent_before:
            self.add_error("amount", f"At most {self.available} can be refunded.")
        if self.cleaned_data.get("mail_reason") and not self.cleaned_data.get("reason"):
            self.add_error("reason", "Enter the reason that should be mailed.")
        if not self.errors and self.data.get("stated") != self.stated:
            self.asks = True

    def is_valid(self) -> bool:
        """A form that asks about its sum is in no error, but nothing may be done with it yet."""
        return super().is_valid() and not self.asks
