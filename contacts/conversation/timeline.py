"""The conversation with one person: what they wrote, and what staff wrote, logged, noted and sent."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal

from django.apps import apps
from django.db import models
from django.db.models import Prefetch

from contacts.mails import DOCUMENT_SENT, INQUIRY_ASSIGNED, INQUIRY_WAITS
from contacts.models import Attachment, Correspondence, Document, IncomingMail, Inquiry, Note, Reply
from privacy.models import OutgoingMail

TO_STAFF = (INQUIRY_ASSIGNED.template, INQUIRY_WAITS.template)
SHOWN = 20  # messages of one sender on a page
Side = Literal["sender", "other", "staff", "note", "fact"]
BY_CHANNEL = {
    Inquiry.Channel.FORM: "wrote to us",
    Inquiry.Channel.EMAIL: "wrote an email",
    Inquiry.Channel.CALL: "called",
    Inquiry.Channel.LETTER: "wrote a letter",
}
WRITTEN = (Inquiry.Channel.FORM, Inquiry.Channel.EMAIL)


@dataclass(frozen=True)
class Event:
    """One entry of a conversation. `side` says whose words they are: `other` is somebody whose email came from another
    address than the inquiry's; a fact has no author.

    `quoted` is the history that an email repeats below its text, and `about` the row that the email is about, if that
    isn't an inquiry, by model and key.
    """

    at: datetime
    what: str
    text: str
    side: Side = "fact"
    who: str = ""
    inquiry: Inquiry | None = None
    document: Document | None = None
    files: tuple[Attachment, ...] = ()
    quoted: str = ""
    mail: IncomingMail | None = None
    is_quotable: bool = False  # the sender wrote it, in these words


def inquiries_of_the_sender(inquiry: Inquiry) -> Any:
    """All messages from the same address, newest first, with everything around them prefetched."""
    return (
        Inquiry.objects.of_the_same_sender(inquiry)
        .order_by("-received_at")
        .prefetch_related(
            Prefetch("replies", Reply.objects.select_related("author")),
            Prefetch("correspondence", Correspondence.objects.select_related("author")),
            Prefetch("notes", Note.objects.select_related("author")),
            Prefetch("incoming_mails", IncomingMail.objects.defer("raw")),
            Prefetch("attachments", Attachment.objects.defer("content")),
            Prefetch("documents", Document.objects.defer("content").select_related("author")),
        )
    )


def events_of(inquiry: Inquiry) -> list[Event]:
    """The timeline of one message, oldest first."""
    return sorted(_events(inquiry), key=lambda event: event.at)


def _events(inquiry: Inquiry) -> Iterator[Event]:
    files = _files(inquiry)
    first = next((mail for mail in inquiry.incoming_mails.all() if mail.starts_inquiry), None)
    wrote = f"{BY_CHANNEL[Inquiry.Channel(inquiry.channel)]} ({inquiry.get_kind_display()})"
    own = Event(inquiry.received_at, wrote, inquiry.message, "sender", inquiry.name, inquiry, files=files[None])
    own = replace(own, is_quotable=inquiry.channel in WRITTEN)
    yield replace(own, quoted=first.quoted or "", files=files[first.pk], mail=first) if first else own
    for mail in inquiry.incoming_mails.all():
        if mail != first:
            yield replace(_mail_event(mail, inquiry), files=files[mail.pk])
    for reply in inquiry.replies.all():
        yield Event(reply.sent_at, "we answered by email", reply.body, "staff", _name(reply.author), inquiry)
    for entry in inquiry.correspondence.all():
        what, who = entry.get_way_display(), _name(entry.author)
        side: Side = "sender" if entry.is_incoming else "staff"
        yield Event(entry.happened_at, what, entry.notes, side, who, inquiry, files=files[entry.pk])
    for note in inquiry.notes.all():
        yield Event(note.written_at, "internal note", note.body, "note", _name(note.author), inquiry)
    for document in inquiry.documents.all():
        what, who = "we added a document", _name(document.author)
        yield Event(document.added_at, what, document.name, "staff", who, inquiry, document)


def _files(inquiry: Inquiry) -> defaultdict[Any, tuple[Attachment, ...]]:
    """By the key of the email or call that they came with; None for those of the inquiry itself."""
    files: defaultdict[Any, tuple[Attachment, ...]] = defaultdict(tuple)
    for file in inquiry.attachments.all():
        files[file.incoming_mail_id or file.correspondence_id] += (file,)
    return files


def _mail_event(mail: IncomingMail, inquiry: Inquiry) -> Event:
    is_own, what = inquiry.is_from(mail.sender), "wrote an email"
    if not is_own:
        what = f"wrote an email from another address, {mail.sender}" if mail.sender else "an email without a sender"
    if mail.is_automatic:
        what = f"{what}: by a program, so it needs no answer"
    side: Side = "fact" if mail.is_automatic else "sender" if is_own else "other"
    who = inquiry.name if is_own else mail.sender_name or "Someone else"
    text, quoted = mail.text or "(The email has no text.)", mail.quoted or ""
    return Event(
        mail.received_at, what, text, side, who, inquiry, quoted=quoted, mail=mail, is_quotable=side == "sender"
    )


def answered_row(inquiry: Inquiry) -> models.Model | None:
    """What our email was about that this inquiry's first email answers, if that isn't a message: an order, a
    request."""
    about = {"starts_inquiry": True, "about_id__isnull": False}
    mail = inquiry.incoming_mails.filter(**about).first() if inquiry.channel == Inquiry.Channel.EMAIL else None
    row = apps.get_model(mail.about_model)._base_manager.filter(pk=mail.about_id).first() if mail else None
    return row if row is not None and row._meta.app_label != Inquiry._meta.app_label else None


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
    """What a message's page shows: what was written to us last, what happened since, and what before, newest first.

    `own` is what the inquiry's sender wrote last: all that an answer, which goes to that address, may quote. None if
    nothing was written: what colleagues noted of a call is theirs.
    """

    inquiries: list[Inquiry]
    latest: Event
    own: Event | None
    since: list[Event]
    before: list[Event]
    is_whole: bool  # False if the sender has older messages, which only the history lists


def conversation_of(
    inquiry: Inquiry, *, mails: bool, more: Callable[[list[Inquiry]], list[Event]] = lambda inquiries: []
) -> Conversation:
    """`inquiry` with up to `SHOWN` of its sender's messages; `mails` says whether to show what happened to mails, and
    `more` knows what else happened."""
    found = list(inquiries_of_the_sender(inquiry)[: SHOWN + 1])
    inquiries = found[:SHOWN]
    if inquiry.pk not in {each.pk for each in inquiries}:
        inquiries += inquiries_of_the_sender(inquiry).filter(pk=inquiry.pk)
    events = [event for each in inquiries for event in _events(each)] + (mails_about(inquiries) if mails else [])
    events += more(inquiries)
    events.sort(key=lambda event: (event.at, event.mail is not None), reverse=True)
    thread = {each.pk for each in inquiries if inquiry.pk in (each.pk, each.merged_into_id)}
    words = [each for each in events if each.side in ("sender", "other") and each.inquiry and each.inquiry.pk in thread]
    own = next((each for each in words if each.is_quotable), None)
    at = next(number for number, each in enumerate(events) if each is words[0])
    return Conversation(inquiries, words[0], own, events[:at], events[at + 1 :], len(found) <= SHOWN)
