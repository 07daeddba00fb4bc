"""What staff do with a quote on its way to paid orders: record a signed letter, and let an installment be paid."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils import timezone

from clients.models import Quote
from clients.quotes.acceptance import accept_quote
from clients.quotes.payments import make_next_due
from contacts.documents.file_validation import MAX_BYTES, FileRefused, SniffedFile, sniff
from privacy.admin_base.staff_action import StaffAction
from shop.checkout.forms import AffiliateCodeField
from shop.models import Order

if TYPE_CHECKING:
    from accounts.models import User

from .agreements import AGREED
from .quote_actions import SEND


class AcceptedForm(forms.Form):
    name = forms.CharField(label="Who signed", max_length=150)
    signed_on = forms.DateField(
        label="Date of the letter", widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    code = AffiliateCodeField(
        help_text="If the client names an affiliate who sent them. Commission is paid only if there is a rate for"
        " services."
    )
    scan = forms.FileField(
        label="Scan of the letter",
        required=False,
        help_text="PDF, PNG or JPEG. It is encrypted and kept with the client's message.",
    )

    def clean_scan(self) -> SniffedFile | None:
        file: UploadedFile[Any] | None = self.cleaned_data["scan"]
        if not file:
            return None
        if (file.size or 0) > MAX_BYTES:
            raise forms.ValidationError(f"This file is too large: at most {MAX_BYTES // 1_000_000} MB.")
        try:
            return sniff(name=file.name or "", content=file.read())
        except FileRefused as refusal:
            raise forms.ValidationError(str(refusal)) from None


def _accept(
    *, quote: Quote, actor: User, name: str, signed_on: Any, code: str, scan: SniffedFile | None
) -> list[Order]:
    return accept_quote(quote=quote, name=name, request=None, actor=actor, on_paper=signed_on, code=code, scan=scan)


ORDER_ACTIONS: tuple[StaffAction, ...] = (
    StaffAction(
        name="accept",
        label="Record a signed letter…",
        permission=SEND,
        when=lambda quote: quote.may_be_signed(timezone.now()),
        form=AcceptedForm,
        asks="The client accepted the quote by a letter that was signed on its last day at the latest. Each installment"
        " becomes an order; the client is mailed the link with what to pay. Without an email address nobody is mailed:"
        " ask for one, and enter it on the page of each order (“Correct the email address”), which mails the link.",
        do=_accept,
        done=lambda quote, orders: f"The quote is accepted. Orders: {', '.join(order.reference for order in orders)}.",
    ),
    replace(AGREED, when=lambda quote: quote.state == Quote.State.ACCEPTED and not quote.is_erased),
    StaffAction(
        name="next-due",
        label="Next installment is due…",
        permission=SEND,
        when=lambda quote: quote.state == Quote.State.ACCEPTED and quote.next_planned is not None,
        asks="The installment below can be paid, and the client is mailed the link. This can't be undone.",
        template="clients/admin/next_due.html",
        is_final=True,
        do=lambda *, quote, actor: make_next_due(quote=quote, now=timezone.now(), actor=actor),
        done=lambda quote, installment: f"{installment.amount} is due; the client is mailed the link.",
    ),
)
