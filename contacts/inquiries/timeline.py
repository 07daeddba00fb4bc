"""All that passed between a person and us, and what we may do now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from contacts.models import Inquiry


@dataclass(frozen=True)
class Event:
    """One thing that happened around a message."""

    at: datetime
    what: str
    text: str


def inquiries_of_the_sender(inquiry: Inquiry) -> list[Inquiry]:
    """Every message from the same address, the newest first, with all around it loaded."""
    same_person = Inquiry.objects.of_person(inquiry.email).order_by("-received_at")
    found: list[Inquiry] = list(same_person.prefetch_related("replies", "correspondence"))
    return found


def events_of(inquiry: Inquiry) -> list[Event]:
    """The thread of one message, in order."""
    events = [Event(inquiry.received_at, f"wrote to us ({inquiry.get_kind_display()})", inquiry.message)]
    events += [Event(reply.sent_at, "we answered by e-mail", reply.body) for reply in inquiry.replies.all()]
    events += [Event(entry.happened_at, entry.get_way_display(), entry.notes) for entry in inquiry.correspondence.all()]
    documents = inquiry.documents.defer("content")
    events += [Event(document.added_at, "a document was prepared", document.name) for document in documents]
    return sorted(events, key=lambda event: event.at)
