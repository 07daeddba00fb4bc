"""What staff do with a quote by button."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from django import forms
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from clients.models import Installment, Quote
from clients.quotes.decisions import decline_quote
from clients.quotes.drafting import discard_draft, draft_quote, revise_quote
from clients.quotes.sending import send_link_again, send_quote, withdraw_quote
from contacts.admin.contributions import message_action, message_events, message_facts
from contacts.conversation.timeline import Event
from contacts.models import Inquiry
from privacy.admin_base.staff_action import StaffAction

SEND = "clients.send_quote"
State = Quote.State


class SendForm(forms.Form):
    offer = forms.CharField(required=False, widget=forms.HiddenInput)  # what the page showed


class DeclinedForm(forms.Form):
    name = forms.CharField(label="Who declined it", max_length=150)
    reason = forms.CharField(
        label="Reason",
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3, "cols": 60}),
        help_text="The client can read it in a copy of their data.",
    )


def _revise(**of_the_quote: Any) -> HttpResponse:
    return redirect("admin:clients_quote_change", revise_quote(**of_the_quote).pk)


def _discard(**of_the_quote: Any) -> HttpResponse:
    discard_draft(**of_the_quote)
    return redirect("admin:clients_quote_changelist")


def _new_quote(**of_the_message: Any) -> HttpResponse:
    return redirect("admin:clients_quote_change", draft_quote(**of_the_message).pk)


QUOTE_ACTIONS: tuple[StaffAction, ...] = (
    StaffAction(
        name="send",
        label="Send…",
        permission=SEND,
        when=lambda quote: quote.is_draft and bool(quote.email),
        asks="The client gets an email with a private link, and can accept or decline the quote there. It can't be"
        " changed any more: a change is a new version. An earlier version is replaced, and its link stops working.",
        form=SendForm,
        template="clients/admin/send.html",
        saves_first=True,
        do=lambda *, quote, actor, offer: send_quote(quote=quote, now=timezone.now(), actor=actor, offer=offer),
        done="The quote is on its way to the client.",
    ),
    StaffAction(
        name="send-by-letter",
        label="Sent by letter…",
        permission=SEND,
        when=lambda quote: quote.is_draft,
        asks="Nobody is mailed. Print the PDF and send it by letter. The quote can't be changed any more: a change is a"
        " new version.",
        form=SendForm,
        template="clients/admin/send.html",
        saves_first=True,
        do=lambda *, quote, actor, offer: send_quote(
            quote=quote, now=timezone.now(), actor=actor, by_letter=True, offer=offer
        ),
        done="The quote counts as sent. Download the PDF and print it.",
    ),
    StaffAction(
        name="send-again",
        label="Send the link again",
        permission=SEND,
        when=lambda quote: quote.is_open(timezone.now()) and bool(quote.email),
        do=send_link_again,
        one_press=True,
        done="The same link is on its way to the client.",
    ),
    StaffAction(
        name="decline",
        label="Record that it was declined…",
        permission=SEND,
        when=lambda quote: quote.is_open(timezone.now()),
        form=DeclinedForm,
        asks="For an answer by call or letter. The client gets no more reminders.",
        do=lambda *, quote, actor, name, reason: decline_quote(
            quote=quote, name=name, reason=reason, now=timezone.now(), actor=actor
        ),
        done="Recorded.",
    ),
    StaffAction(
        name="revise",
        label="Change it: new version",
        when=lambda quote: not quote.is_draft and quote.state != State.ACCEPTED and not quote.is_erased,
        do=_revise,
        one_press=True,
    ),
    StaffAction(
        name="withdraw",
        label="Withdraw…",
        permission=SEND,
        when=lambda quote: quote.state in Quote.SENT_STATES,
        asks="The client's link shows nothing any more, and the quote can't be accepted. Nobody is mailed.",
        is_final=True,
        do=withdraw_quote,
        done="The quote is withdrawn.",
    ),
    StaffAction(
        name="discard",
        label="Discard the draft…",
        when=lambda quote: quote.is_draft,
        asks="The draft is deleted with its lines.",
        is_final=True,
        do=_discard,
    ),
)
NEW_QUOTE = message_action(
    StaffAction(
        name="quote",
        label="New quote",
        permission="clients.add_quote",
        when=lambda inquiry: inquiry.may_be_answered,
        do=_new_quote,
        one_press=True,
    )
)


@message_facts(permission="clients.view_quote")
def quotes_of_message(inquiry: Inquiry) -> Iterator[tuple[str, SafeString]]:
    """One query."""
    for quote in Quote.objects.filter(inquiry=inquiry).order_by("created_at"):
        address = reverse("admin:clients_quote_change", args=[quote.pk])
        yield (
            "quote",
            format_html('<a href="{}">{}</a>, {}, {}', address, quote.number, quote.total, quote.get_state_display()),
        )


@message_events(permission="clients.view_quote")
def events_of_quotes(inquiries: Sequence[Inquiry]) -> Iterator[Event]:
    """What became of the quotes. Two queries."""
    of = {inquiry.pk: inquiry for inquiry in inquiries}
    for quote in Quote.objects.filter(inquiry__in=of, sent_at__isnull=False):
        what, inquiry = f"quote {quote.number}, {quote.total}", of[quote.inquiry_id]
        yield Event(quote.sent_at, f"{what}: sent", "", inquiry=inquiry)
        if quote.viewed_at:
            yield Event(quote.viewed_at, f"{what}: opened for the first time", "", inquiry=inquiry)
        if quote.decided_at:
            by = f" by {quote.decided_name}" if quote.decided_name else ""
            decision = f"{what}: {quote.get_state_display()}{by}"
            yield Event(quote.decided_at, decision, quote.decline_reason or "", inquiry=inquiry)
    paid = Installment.objects.filter(quote__inquiry__in=of, order__paid_at__isnull=False)
    for installment in paid.select_related("quote", "order"):
        quote, order = installment.quote, installment.order
        what = f"quote {quote.number}, {installment.label}: {installment.amount} paid"
        yield Event(order.paid_at, what, "", inquiry=of[quote.inquiry_id])
