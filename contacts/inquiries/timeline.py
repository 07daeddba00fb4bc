"""The message history with one person."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Prefetch

from contacts.models import Attachment, Document, Inquiry


@dataclass(frozen=True)
class Event:
    """One entry of a message's timeline."""

    at: datetime
    what: str
    text: str


def inquiries_of_the_sender(inquiry: Inquiry) -> list[Inquiry]:
    """All messages from the same address, newest first, with replies and correspondence prefetched."""
    same_person = Inquiry.objects.of_person(inquiry.email).order_by("-received_at")
    files = (
        Prefetch("attachments", Attachment.objects.defer("content")),
        Prefetch("documents", Document.objects.defer("content")),
    )
    found: list[Inquiry] = list(same_person.prefetch_related("replies", "correspondence", *files))
    return found


def events_of(inquiry: Inquiry) -> list[Event]:
    """The timeline of one message, oldest first."""
    events = [Event(inquiry.received_at, f"wrote to us ({inquiry.get_kind_display()})", inquiry.message)]
    events += [Event(reply.sent_at, "we answered by email", reply.body) for reply in inquiry.replies.all()]
    events += [Event(entry.happened_at, entry.get_way_display(), entry.notes) for entry in inquiry.correspondence.all()]
    events += [Event(file.added_at, "sent a file", file.name) for file in inquiry.attachments.all()]
    events += [Event(document.added_at, "we added a document", document.name) for document in inquiry.documents.all()]
    return sorted(events, key=lambda event: event.at)
