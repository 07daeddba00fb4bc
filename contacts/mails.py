"""The mail kinds of this app."""

from django.utils import timezone

from privacy.mail.sending import mail_kind
from privacy.registry.mail_kinds import business_address
from privacy.registry.mail_variables import mail_variables
from privacy.registry.purposes import Purpose

from .models import Inquiry

State = Inquiry.State
MOST_ANSWERED = 10  # mails that an answer names; the last one is what it answers
_MUTE = {State.CLOSED, State.HELD, State.SPAM}  # the address of a held message may be forged


def received_from_sender(inquiry: Inquiry) -> list[str]:
    """Message-IDs of the person's own mails; an id of somebody else who wrote into the thread would tell on them."""
    if not inquiry.email:
        return []
    mails = inquiry.incoming_mails.filter(sender_index=inquiry.email, message_id__isnull=False)
    return [mail.message_id for mail in reversed(mails.order_by("-received_at", "-pk")[:MOST_ANSWERED])]


INQUIRY_RECEIVED = mail_kind(
    "contacts/inquiry_received",
    purpose=Purpose.ANSWER_INQUIRY,
    about="contacts.Inquiry",
    transactional=True,
    because="it confirms a message that the sender just wrote",
    live=lambda inquiry: inquiry.state not in _MUTE,
    despite_opt_out=True,  # the sender has just written
    answers=received_from_sender,
)
# Sent to the business's own address; contains only a link to the admin, nothing personal.
INQUIRY_WAITS = mail_kind(
    "contacts/inquiry_waits",
    purpose=Purpose.ANSWER_INQUIRY,
    about="contacts.Inquiry",
    recipients=business_address,
    transactional=True,
    because="it notifies staff of a new inquiry",
    despite_opt_out=True,  # an opt-out of the vendor's own address must not hide visitors' messages
)
INQUIRY_ANSWERED = mail_kind(
    "contacts/inquiry_answered",
    purpose=Purpose.ANSWER_INQUIRY,
    about="contacts.Inquiry",
    transactional=True,
    because="it answers the sender's message",
    # Closed after an answer: that answer may still be queued. `answer_inquiry` refuses further ones.
    live=lambda inquiry: inquiry.state not in _MUTE or (inquiry.state == State.CLOSED and inquiry.answered_at),
    began=lambda inquiry: inquiry.last_written_at,
    written_by_staff=True,
    answers=received_from_sender,
)
# To a colleague's stored address; contains only the number and a link to the admin, nothing of the sender.
INQUIRY_ASSIGNED = mail_kind(
    "contacts/inquiry_assigned",
    purpose=Purpose.ANSWER_INQUIRY,
    about="contacts.Inquiry",
    recipients=lambda inquiry: [inquiry.assigned_to.email] if inquiry.assigned_to else [],
    transactional=True,
    because="a colleague is asked to answer a message",
    live=lambda inquiry: inquiry.assigned_to_id is not None,
    despite_opt_out=True,  # mail of work, which a person's choices as a customer must not stop
)
DOCUMENT_SENT = mail_kind(
    "contacts/document_sent",
    purpose=Purpose.QUOTE,
    about="contacts.Document",
    recipients=lambda document: [document.inquiry.email],
    transactional=True,
    because="the sender asked for the document",
    shows=frozenset({"name"}),  # the file name, chosen by staff
    live=lambda document: document.link_works(timezone.now()) and document.inquiry.state not in _MUTE,
    began=lambda document: document.inquiry.received_at,
    holds_link=True,
    answers=lambda document: received_from_sender(document.inquiry),
)

mail_variables(
    "contacts",
    {
        "about.inquiry.reference": ("reference", "M-7KQ2-MX4T"),
        'about.link_expires_at|date:"F j, Y"': ("expiry_day", "December 30, 2026"),
        "about.name": ("document", "plan.pdf"),
        "about.reference": ("reference", "M-7KQ2-MX4T"),
        "about.size|filesizeformat": ("size", "120 KB"),
        "block complaint": ("complaint", "We recorded your complaint, and will answer it by December 30, 2026."),
        "block others": ("others", " and 2 others"),
        'link "admin:contacts_inquiry_change" about.pk': ("message_page", ""),
        'link "contacts:document" token': ("document_page", ""),
        "reply.body|linebreaks": ("answer", "Hello Dave,\n\nyes, we do."),
    },
    required="answer",
)
