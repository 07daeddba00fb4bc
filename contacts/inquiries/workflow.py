"""The life of a message: received or held, released, assigned, answered.

A message is stored before any mail is queued, in one transaction. Every step writes an audit entry.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import transaction
from django.db.models import Case, F, Value, When
from django.utils import timezone

from contacts.documents.attachments import add_attachments
from contacts.mails import INQUIRY_ANSWERED, INQUIRY_RECEIVED, INQUIRY_WAITS
from contacts.models import Inquiry, Reply
from privacy.admin_base.refusals import ActionRefused
from privacy.audit.trail import record
from privacy.mail.sending import MailRefused, notify, queue_mail
from privacy.models import PrivacyRequest
from privacy.registry.deadlines import business_days_after
from privacy.registry.purposes import Refusal
from privacy.requests import answer_with_text, record_request
from privacy.web.rate_limits import has_room

if TYPE_CHECKING:
    from accounts.models import User
    from contacts.documents.file_validation import SniffedFile

State = Inquiry.State
HELD_NEWS = 10  # mails to staff per hour about held messages, so that a flood of messages doesn't become one of mails


@transaction.atomic
def receive_inquiry(
    *, inquiry: Inquiry, held: bool = False, files: Sequence[SniffedFile] = (), is_mailed: bool = True
) -> Inquiry:
    """Stores the message with its files and notifies staff. The sender gets a confirmation, unless the message is held
    for review, because the address may be forged. Without `is_mailed`, the caller decides about both mails. A complaint
    about privacy starts its legal deadline, held or not."""
    inquiry.state = State.HELD if held else State.OPEN
    inquiry.due_at = answer_due(inquiry.received_at)
    if inquiry.kind == Inquiry.Kind.COMPLAINT:
        inquiry.privacy_request = _complain(inquiry, acknowledged=not held)
    inquiry.save()
    add_attachments(inquiry=inquiry, files=files)
    if is_mailed and not held:
        queue_mail(INQUIRY_RECEIVED, to=inquiry.email, about=inquiry, context={})
    if is_mailed and (not held or has_room("held messages told", "staff", slots=HELD_NEWS, now=timezone.now())):
        notify_staff(inquiry=inquiry)
    record(action="contacts.inquiry.held" if held else "contacts.inquiry.received", about=inquiry, actor=None)
    return inquiry


def notify_staff(*, inquiry: Inquiry) -> None:
    """Mails the business that a message waits. Requires a transaction."""
    queue_mail(INQUIRY_WAITS, to=settings.BUSINESS["email"], about=inquiry, context={})


@transaction.atomic
def release_inquiry(*, inquiry: Inquiry, actor: User) -> None:
    """Staff looked, and it is a message like any other: its sender is told that it came, if they can be
    mailed. Raises `ActionRefused`."""
    if not Inquiry.objects.filter(pk=inquiry.pk, state=State.HELD).update(state=State.OPEN):
        raise ActionRefused("This message is not held (any more).")
    inquiry.refresh_from_db()
    if inquiry.privacy_request is not None and inquiry.privacy_request.acknowledged_at is None:
        inquiry.privacy_request.acknowledged_at = timezone.now()
        inquiry.privacy_request.save(update_fields=["acknowledged_at"])
    notify(INQUIRY_RECEIVED, to=inquiry.email, about=inquiry)
    record(action="contacts.inquiry.released", about=inquiry, actor=actor)


@transaction.atomic
def mark_as_spam(*, inquiry: Inquiry, actor: User) -> None:
    """Kept as long as any message, and nobody is mailed. A complaint stays in the register. Raises `ActionRefused`."""
    marked = Inquiry.objects.filter(pk=inquiry.pk).exclude(state=State.SPAM)
    if not marked.update(state=State.SPAM, snoozed_until=None):
        raise ActionRefused("This message is marked as spam already.")
    record(action="contacts.inquiry.discarded", about=inquiry, actor=actor)


def _complain(inquiry: Inquiry, *, acknowledged: bool) -> PrivacyRequest:
    """The confirmation mail is the acknowledgment."""
    request = PrivacyRequest(
        kind=PrivacyRequest.Kind.COMPLAINT,
        email=inquiry.email,
        details=inquiry.message,
        identity=PrivacyRequest.Identity.NOT_NEEDED,
        received_at=inquiry.received_at,
        acknowledged_at=timezone.now() if acknowledged else None,
    )
    return record_request(request=request, now=timezone.now(), actor=None)


def answer_due(since: datetime) -> datetime:
    """The end of the last business day for a timely answer."""
    return business_days_after(since, settings.INQUIRY_ANSWER_DAYS)


@transaction.atomic
def answer_inquiry(*, inquiry: Inquiry, body: str, actor: User) -> Reply:
    """Stores the answer and mails it. Raises `MailRefused` or `ActionRefused`, and then
    stores nothing. The answer to a complaint is the answer to its privacy request too."""
    if not Inquiry.objects.filter(pk=inquiry.pk, state__in=[State.OPEN, State.ANSWERED]).exists():
        raise MailRefused(Refusal.REASON_CLOSED)
    if not inquiry.email:
        raise MailRefused(Refusal.NO_ADDRESS, "no email address was given with this message")
    reply: Reply = Reply.objects.create(inquiry=inquiry, body=body, author=actor)
    if inquiry.privacy_request is not None and inquiry.privacy_request.is_open:
        answer_with_text(request=inquiry.privacy_request, text=body, now=timezone.now(), actor=actor)
    else:
        queue_mail(INQUIRY_ANSWERED, to=inquiry.email, about=inquiry, context={"reply": reply})
    mark_answered(inquiry=inquiry)
    record(action="contacts.inquiry.answered", about=inquiry, actor=actor)
    return reply


def mark_answered(*, inquiry: Inquiry) -> None:
    """Also after a call or a letter. A closed message stays closed."""
    open_or_answered = Inquiry.objects.filter(pk=inquiry.pk, state__in=[State.OPEN, State.ANSWERED])
    open_or_answered.update(state=State.ANSWERED, answered_at=timezone.now(), snoozed_until=None)


@transaction.atomic
def close_inquiry(*, inquiry: Inquiry, actor: User) -> None:
    """Without an answer, or after one. Raises `ActionRefused`."""
    open_or_answered = Inquiry.objects.filter(pk=inquiry.pk, state__in=[State.OPEN, State.ANSWERED])
    if not open_or_answered.update(state=State.CLOSED, snoozed_until=None):
        raise ActionRefused("Only an open or answered message can be closed.")
    record(action="contacts.inquiry.closed", about=inquiry, actor=actor)


@transaction.atomic
def reopen_inquiry(*, inquiry: Inquiry, actor: User) -> None:
    """Also undoes a merge, or the mark as spam. Raises `ActionRefused`."""
    if not reopen(inquiry=inquiry):
        raise ActionRefused("This message is open already.")
    record(action="contacts.inquiry.reopened", about=inquiry, actor=actor)


def reopen(*, inquiry: Inquiry) -> int:
    """Reopens a message that was done, for instance because the person wrote or called again. One that was answered
    gets a new due date; any other stays as overdue as it was, so that closing and reopening hides nothing. One that is
    snoozed comes back at once. Returns 0 if it was waiting already."""
    stored = Inquiry.objects.filter(pk=inquiry.pk)
    woken: int = stored.filter(state=State.OPEN).exclude(snoozed_until=None).update(snoozed_until=None)
    done = stored.filter(state__in=[State.ANSWERED, State.CLOSED, State.SPAM])
    due_at = Case(When(answered_at=None, then=F("due_at")), default=Value(answer_due(timezone.now())))
    again: dict[str, Any] = {"due_at": due_at, "answered_at": None, "snoozed_until": None, "merged_into": None}
    done_before: int = done.update(state=State.OPEN, **again)
    return woken + done_before


@transaction.atomic
def reopen_for_mail(*, inquiry: Inquiry) -> None:
    """Like `reopen`, after a mail in the thread: the message is new for staff again. One that was marked as spam is
    held for review."""
    stored = Inquiry.objects.filter(pk=inquiry.pk)
    stored.filter(state=State.SPAM).update(state=State.HELD, due_at=answer_due(timezone.now()), snoozed_until=None)
    reopen(inquiry=inquiry)
    stored.update(opened_at=None)
