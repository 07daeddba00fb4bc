"""The messages of this app."""

from privacy.mail import mail_kind
from privacy.purposes import Purpose

from .models import Inquiry

INQUIRY_RECEIVED = mail_kind(
    "contacts/inquiry_received",
    purpose=Purpose.ANSWER_INQUIRY,
    about="contacts.Inquiry",
    transactional=True,
    because="it confirms what the sender wrote a moment ago",
    live=lambda inquiry: inquiry.state != Inquiry.State.CLOSED,
    despite_opt_out=True,  # the sender asked a moment ago
)
# Goes to the business's own address and holds nothing personal: a link to the admin.
INQUIRY_WAITS = mail_kind(
    "contacts/inquiry_waits",
    purpose=Purpose.ANSWER_INQUIRY,
    about="contacts.Inquiry",
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
    live=lambda inquiry: inquiry.state != Inquiry.State.CLOSED,
    began=lambda inquiry: inquiry.received_at,
)
