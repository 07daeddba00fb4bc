"""The messages of this app."""

from django.utils import timezone

from privacy.mail.sending import mail_kind
from privacy.registry.mail_kinds import business_address
from privacy.registry.purposes import Purpose

from .models import Inquiry

State = Inquiry.State
_MUTE = {State.CLOSED, State.HELD}  # the address of a held message may be forged

INQUIRY_RECEIVED = mail_kind(
    "contacts/inquiry_received",
    purpose=Purpose.ANSWER_INQUIRY,
    about="contacts.Inquiry",
    transactional=True,
    because="it confirms what the sender wrote a moment ago",
    live=lambda inquiry: inquiry.state not in _MUTE,
    despite_opt_out=True,  # the sender asked a moment ago
)
# Goes to the business's own address and holds nothing personal: a link to the admin.
INQUIRY_WAITS = mail_kind(
    "contacts/inquiry_waits",
    purpose=Purpose.ANSWER_INQUIRY,
    about="contacts.Inquiry",
    recipients=business_address,
    transactional=True,
    because="staff wait for news of inquiries",
    despite_opt_out=True,  # no visitor's message may be lost because the vendor's own address was opted out
)
INQUIRY_ANSWERED = mail_kind(
    "contacts/inquiry_answered",
    purpose=Purpose.ANSWER_INQUIRY,
    about="contacts.Inquiry",
    transactional=True,
    because="it answers what the sender asked",
    # Closed after it was answered: the answer may still be on its way. `answer_inquiry` refuses any further one.
    live=lambda inquiry: inquiry.state not in _MUTE or (inquiry.state == State.CLOSED and inquiry.answered_at),
    began=lambda inquiry: inquiry.received_at,
)
DOCUMENT_SENT = mail_kind(
    "contacts/document_sent",
    purpose=Purpose.QUOTE,
    about="contacts.Document",
    recipients=lambda document: [document.inquiry.email],
    transactional=True,
    because="the sender asked for what the document says",
    shows=frozenset({"name"}),  # the name of the file, which staff made
    live=lambda document: document.link_works(timezone.now()) and document.inquiry.state not in _MUTE,
    began=lambda document: document.inquiry.received_at,
    holds_link=True,
)
