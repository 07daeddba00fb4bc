"""What staff decide about a mail that is in no thread: read it again, file it, begin an inquiry with it, or mark it as
spam. Each raises `ActionRefused` if a colleague was faster."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone

from contacts.models import IncomingMail, Inquiry
from privacy.admin_base.refusals import ActionRefused
from privacy.audit.trail import record

from .filing import add_to_thread, start_inquiry
from .intake import keep_files, process_mail, store_in
from .message import ReadFile
from .not_filed import NotFiled
from .threads import followed

if TYPE_CHECKING:
    from accounts.models import User

ORIGINAL = "original.eml"
EML = "message/rfc822"

State = IncomingMail.State


def may_be_filed(mail: IncomingMail) -> bool:
    """In no thread, and there is something of it to read. Mail that only programs read isn't kept."""
    return mail.state not in (State.FILED, State.RECEIVED) and (mail.text is not None or has_original(mail))


def may_be_read_again(mail: IncomingMail) -> bool:
    return (mail.state == State.FAILED or mail.reason == NotFiled.TOO_MANY) and has_original(mail)


def has_original(mail: IncomingMail) -> bool:
    """Without opening it, because it may be large."""
    return IncomingMail.objects.filter(pk=mail.pk, raw__isnull=False).exists()


def read_again(*, mail: IncomingMail, actor: User) -> None:
    """As if it had just arrived, but whatever the number of its sender's mails."""
    with transaction.atomic():
        waiting = IncomingMail.objects.filter(pk=_locked(mail).pk, state__in=[State.FAILED, State.HELD])
        if not waiting.update(state=State.RECEIVED, reason="", attempts=0, tried_at=None):
            raise ActionRefused("This email is not waiting for review (any more).")
        record(action="contacts.incoming_mail.repeated", about=mail, actor=actor)
    mail.refresh_from_db()
    process_mail(mail, is_reviewed=True)


@transaction.atomic
def file_into(*, mail: IncomingMail, inquiry: Inquiry, actor: User) -> None:
    """Into the thread of this inquiry, or of that into which it was merged; it waits for an answer again."""
    mail = _locked(mail)
    thread = followed(inquiry, timezone.now())
    if thread is None:
        raise ActionRefused("This message no longer exists.")
    add_to_thread(mail=mail, inquiry=thread)
    _file(mail, thread, actor)


@transaction.atomic
def begin_inquiry(*, mail: IncomingMail, actor: User) -> Inquiry:
    """A new inquiry of the mail's sender."""
    mail = _locked(mail)
    if not mail.sender:
        raise ActionRefused("This email names no sender who could be answered. File it under a message instead.")
    inquiry = start_inquiry(mail=mail)
    _file(mail, inquiry, actor)
    return inquiry


@transaction.atomic
def mark_mail_as_spam(*, mail: IncomingMail, actor: User) -> None:
    """It is kept as long as any mail in no thread, and can still be filed."""
    mail = _locked(mail)
    if mail.reason == NotFiled.SPAM:
        raise ActionRefused("This email is marked as spam already.")
    mail.state, mail.reason, mail.raw = State.IGNORED, NotFiled.SPAM, None
    mail.save(update_fields=["state", "reason", "raw"])
    record(action="contacts.incoming_mail.discarded", about=mail, actor=actor)


def _locked(mail: IncomingMail) -> IncomingMail:
    stored: IncomingMail | None = IncomingMail.objects.select_for_update().filter(pk=mail.pk).first()
    if stored is None or not may_be_filed(stored):
        raise ActionRefused("This email is filed already, or was deleted.")
    return stored


def _file(mail: IncomingMail, inquiry: Inquiry, actor: User) -> None:
    """The original stays with the thread, as a file, if it could not be read as a whole."""
    if mail.state == State.FAILED and mail.raw is not None:
        keep_files(mail=mail, files=[ReadFile(ORIGINAL, bytes(mail.raw), EML)])
    store_in(mail=mail, inquiry=inquiry)
    record(action="contacts.incoming_mail.filed", about=mail, actor=actor)
