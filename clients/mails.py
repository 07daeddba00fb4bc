"""The mail kinds of this app."""

from __future__ import annotations

from django.utils import timezone

from contacts.mails import received_from_sender
from privacy.mail.sending import mail_kind
from privacy.registry.mail_kinds import business_address
from privacy.registry.mail_variables import mail_variables
from privacy.registry.purposes import Purpose

from .models import Quote


def _mails_that_asked(quote: Quote) -> list[str]:
    """Message-IDs of the client's mails that the quote answers; none if the message has another address now."""
    inquiry = quote.inquiry
    return received_from_sender(inquiry) if inquiry and inquiry.email == quote.email else []


QUOTE_SENT = mail_kind(
    "clients/quote_sent",
    purpose=Purpose.QUOTE,
    about="clients.Quote",
    transactional=True,
    because="the client asked for the quote",
    shows=frozenset({"title"}),  # what staff write
    live=lambda quote: quote.is_open(timezone.now()),
    began=lambda quote: quote.asked_at,
    written_by_staff=True,
    answers=_mails_that_asked,
    holds_link=True,
)
QUOTE_REMINDER = mail_kind(
    "clients/quote_reminder",
    purpose=Purpose.QUOTE_REMINDERS,
    about="clients.Quote",
    transactional=False,
    because="the client asked for the quote, but not for a reminder of it",
    shows=frozenset({"title"}),
    live=lambda quote: quote.is_open(timezone.now()),
    began=lambda quote: quote.asked_at,
    holds_link=True,
)
QUOTE_ACCEPTED = mail_kind(
    "clients/quote_accepted",
    purpose=Purpose.QUOTE,
    about="clients.Quote",
    transactional=True,
    because="it confirms that the client accepted the quote, and leads to what to pay when",
    live=lambda quote: quote.state == quote.State.ACCEPTED and not quote.is_erased,
    began=lambda quote: quote.asked_at,
    holds_link=True,
)
# Permitted as of the acceptance: `placed_at` is its time.
INSTALLMENT_DUE = mail_kind(
    "clients/installment_due",
    purpose=Purpose.ORDER,
    about="shop.Order",
    transactional=True,
    because="the client accepted the quote, and this part of it is due",
    live=lambda order: order.is_payable and not order.is_erased,
    began=lambda order: order.placed_at,
    holds_link=True,
)
INSTALLMENT_REMINDER = mail_kind(
    "clients/installment_reminder",
    purpose=Purpose.ORDER,
    about="shop.Order",
    transactional=True,
    because="the client accepted the quote, and this part of it is not paid",
    live=lambda order: order.is_payable and not order.is_erased,
    began=lambda order: order.placed_at,
    holds_link=True,
)
# Sent to the business's own address; contains only the quote's number and a link to the admin, nothing personal.
QUOTE_ANSWERED = mail_kind(
    "clients/quote_answered",
    purpose=Purpose.QUOTE,
    about="clients.Quote",
    recipients=business_address,
    transactional=True,
    because="it tells staff that a client answered a quote",
    despite_opt_out=True,  # an opt-out of the vendor's own address must not hide answers
)

mail_variables(
    "clients",
    {
        "about.get_state_display": ("decision", "accepted"),
        "about.number": ("quote", "Q-7KQ2-1"),
        "about.product_name": ("title", "A new website"),
        "about.reference": ("reference", "Q-7KQ2"),
        'about.sent_on|date:"F j, Y"': ("sent_day", "November 30, 2026"),
        "about.title": ("title", "A new website"),
        "about.total": ("amount", "$4,800.00"),
        'about.valid_until|date:"F j, Y"': ("valid_until", "December 30, 2026"),
        'due_since|date:"F j, Y"': ("due_day", "November 20, 2026"),
        'link "admin:clients_quote_change" about.pk': ("quote_page", ""),
        "link about.get_absolute_url": ("page", ""),
    },
    required="amount valid_until",
)
