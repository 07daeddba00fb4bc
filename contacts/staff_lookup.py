"""What staff can find among the messages."""

from __future__ import annotations

from django.db.models import Q

from privacy.admin_base.search.row_kinds import Shown, row_kind
from privacy.models.consent import Person
from privacy.registry.purposes import Purpose

from .models import IncomingMail, Inquiry

FIRST_LINE = 80  # characters


def first_line(inquiry: Inquiry) -> str:
    """The beginning of the message, for lists."""
    line = " ".join(str(inquiry.message)[: 4 * FIRST_LINE].split())
    return line if len(line) <= FIRST_LINE else f"{line[:FIRST_LINE].rstrip()}…"


row_kind(
    model=Inquiry,
    purpose=Purpose.ANSWER_INQUIRY,
    one="message",
    many="messages",
    position=10,
    show=lambda inquiry: Shown(
        number=inquiry.reference,
        at=inquiry.received_at,
        name=inquiry.name,
        state=inquiry.get_state_display(),
        detail=first_line(inquiry),
    ),
    at="received_at",
    emails=("email_index",),
    phones=("phone_index",),
    codes=("reference",),
    words=("name", "email", "address", "project", "order_reference", "message"),
    for_person=True,
    names_person=True,
    open=Q(state__in=Inquiry.WAITING),
    contact=lambda inquiry: Person(email=inquiry.email, phone=inquiry.phone, address=inquiry.address),
)
row_kind(
    model=IncomingMail,
    purpose=Purpose.ANSWER_INQUIRY,
    one="received email",
    many="received emails",
    position=11,
    show=lambda mail: Shown(
        number=mail.subject or "no subject",
        at=mail.received_at,
        name=mail.sender_name or mail.sender or "",
        state=mail.get_state_display(),
        detail=mail.reason,
    ),
    at="received_at",
    related=("inquiry",),
    emails=("sender_index",),
    words=("sender_name", "sender", "subject", "text"),
    for_person=True,
    open=Q(state__in=IncomingMail.TO_REVIEW),
)
