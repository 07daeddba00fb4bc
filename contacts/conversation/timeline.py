"""The conversation with one person: what they wrote, and what staff wrote, logged, noted and sent."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from django.db.models import Prefetch

from contacts.mails import DOCUMENT_SENT, INQUIRY_ASSIGNED, INQUIRY_WAITS
from contacts.models import Attachment, Correspondence, Document, Inquiry, Note, Reply
from privacy.models import OutgoingMail

TO_STAFF = (INQUIRY_ASSIGNED.template, INQUIRY_WAITS.template)
SHOWN = 20  # messages of one sender on a page
Side = Literal["sender", "staff", "note", "fact"]


@dataclass(frozen=True)
class Event:
    """One entry of a conversation. `side` says whose words they are; a fact has none."""

    at: datetime
    what: str
    text: str
    side: Side = "fact"
    who: str = ""
    inquiry: Inquiry | None = None
    file: Attachment | Document | None = None


def inquiries_of_the_sender(inquiry: Inquiry) -> Any:
    """All messages from the same address, newest first, with everything around them prefetched."""
    return (
        Inquiry.objects.of_the_same_sender(inquiry)
        .order_by("-received_at")
        .prefetch_related(
            Prefetch("replies", Reply.objects.select_related("author")),
            Prefetch("correspondence", Correspondence.objects.select_related("author")),
            Prefetch("notes", Note.objects.select_related("author")),
            Prefetch("attachments", Attachment.objects.defer("content")),
            Prefetch("documents", Document.objects.defer("content").select_related("author")),
        )
    )


def events_of(inquiry: Inquiry) -> list[Event]:
    """The timeline of one message, oldest first."""
    return sorted(_events(inquiry), key=lambda event: event.at)


def _events(inquiry: Inquiry) -> Iterator[Event]:
    wrote = f"wrote to us ({inquiry.get_kind_display()})"
    yield Event(inquiry.received_at, wrote, inquiry.message, "sender", inquiry.name, inquiry)
    for reply in inquiry.replies.all():
        yield Event(reply.sent_at, "we answered by email", reply.body, "staff", _name(reply.author), inquiry)
    for entry in inquiry.correspondence.all():
        side: Side = "sender" if entry.is_incoming else "staff"
        yield Event(entry.happened_at, entry.get_way_display(), entry.notes, side, _name(entry.author), inquiry)
    for note in inquiry.notes.all():
        yield Event(note.written_at, "internal note", note.body, "note", _name(note.author), inquiry)
    for attachment in inquiry.attachments.all():
        yield Event(attachment.added_at, "sent a file", attachment.name, "sender", inquiry.name, inquiry, attachment)
    for document in inquiry.documents.all():
        what, who = "we added a document", _name(document.author)
        yield Event(document.added_at, what, document.name, "staff", who, inquiry, document)


def mails_about(inquiries: Iterable[Inquiry]) -> list[Event]:
    """What happened to the mails to the sender. Their texts are the answers above, or the site's own words."""
    by_id = {inquiry.pk: inquiry for inquiry in inquiries}
    documents = {document.pk: inquiry for inquiry in by_id.values() for document in inquiry.documents.all()}
    about = by_id | documents
    mails = OutgoingMail.objects.filter(
        about_id__in=[*about], about_model__in=["contacts.Inquiry", DOCUMENT_SENT.about]
    )
    return [
        Event(mail.queued_at, f"email “{mail.subject}”: {_fate(mail)}", "", inquiry=about[mail.about_id])
        for mail in mails.exclude(kind__in=TO_STAFF).defer("text", "html")
    ]


def _fate(mail: OutgoingMail) -> str:
    return f"{mail.get_state_display()} ({mail.refusal})" if mail.refusal else str(mail.get_state_display())


def _name(user: Any) -> str:
    return str(user.get_full_name()) if user else "a former colleague"


@dataclass(frozen=True)
class Conversation:
    """What a message's page shows: what its sender said last, and all the rest, newest first."""

    inquiries: list[Inquiry]
    latest: Event
    before: list[Event]
    is_whole: bool  # False if the sender has older messages, which only the history lists


def conversation_of(inquiry: Inquiry, *, mails: bool) -> Conversation:
    """`inquiry` with up to `SHOWN` of its sender's messages; `mails` says whether to show what happened to mails."""
    found = list(inquiries_of_the_sender(inquiry)[: SHOWN + 1])
    inquiries = found[:SHOWN]
    if inquiry.pk not in {each.pk for each in inquiries}:
        inquiries += inquiries_of_the_sender(inquiry).filter(pk=inquiry.pk)
    events = [event for each in inquiries for event in _events(each)] + (mails_about(inquiries) if mails else [])
    events.sort(key=lambda event: event.at, reverse=True)
    own = {each.pk for each in inquiries if inquiry.pk in (each.pk, each.merged_into_id)}
    words = (each for each in events if each.side == "sender" and each.file is None)
    latest = next(each for each in words if each.inquiry and each.inquiry.pk in own)
    before = [each for each in events if each is not latest and not _came_with(each, latest)]
    return Conversation(inquiries, latest, before, len(found) <= SHOWN)


def _came_with(event: Event, latest: Event) -> bool:
    """Files that the page shows below the latest message."""
    return isinstance(event.file, Attachment) and event.inquiry is latest.inquiry
