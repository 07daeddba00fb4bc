"""Receives mail: stores it, then reads it and files it.

A message is safe once `receive_message` returns: sealed, committed, and stored once however often it arrives. Reading
it is a second step, in a transaction of its own, that may fail or be killed without losing anything: housekeeping
repeats it, and after `MAX_ATTEMPTS` staff find the message among the failed ones. Nothing is dropped: every message is
filed in a thread, held, failed or ignored, each with its reason.
"""

from __future__ import annotations

import logging
import traceback
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from email.message import EmailMessage

from django.conf import settings
from django.db import IntegrityError, InterfaceError, OperationalError, transaction
from django.db.models import Count, F, Q, QuerySet
from django.utils import timezone

from contacts.models import Attachment, IncomingMail, Inquiry, SeenMessage
from contacts.models.inquiry import KEPT
from privacy.audit.trail import record
from privacy.encryption.normalization import normalize_email
from privacy.mail.automatic import automatic_because
from privacy.mail.bounces import record_notification
from privacy.mail.threads import mail_with_id
from privacy.mail.unsubscribing import unsubscribe_by_mail
from privacy.models import PrivacyRequest

from .digest import content_digest
from .filing import file_mail
from .message import ReadFile, ReadMessage, UnreadableMessage, parse_message, read_message
from .not_filed import NotFiled
from .wishes import wish_in

logger = logging.getLogger(__name__)

LARGEST = 50_000_000  # bytes of a message; of a larger one only the beginning is stored
BEGINNING = 1_000_000
PER_SENDER = 30  # mails of one sender within an hour; more are held
MAX_ATTEMPTS = 3
STUCK_AFTER = timedelta(minutes=10)  # then the process that was reading it is considered dead
AT_ONCE = 100  # messages that one run of housekeeping reads

State, Kind = IncomingMail.State, PrivacyRequest.Kind


def receive_message(
    raw: bytes, *, received_at: datetime, envelope_to: str = "", size: int | None = None
) -> IncomingMail:
    """Stores one message, then processes it. Returns its row; for one that arrived before, the row it has.

    `received_at` is when it arrived at our mail server: the deadlines of privacy law count from there. `envelope_to` is
    the address that the server delivered it to, if the header doesn't say. `raw` may be cut off after `LARGEST` bytes;
    `size` is then that of the whole message, in bytes.

    Raises an exception only while nothing is stored, so that the mail server or mailbox keeps the message.
    """
    mail = store_message(raw, received_at=received_at, envelope_to=envelope_to, size=size or len(raw))
    process_mail(mail)
    return mail


def store_message(raw: bytes, *, received_at: datetime, envelope_to: str, size: int) -> IncomingMail:
    """Stores the message sealed, unread. One that was deleted since it arrived first, for instance because its sender
    wished so, is not stored again: its row then holds nothing but the hash."""
    digest = content_digest(raw[:LARGEST], size=size)
    mail = IncomingMail(content_digest=digest, size=size, received_at=min(received_at, timezone.now()))
    try:
        with transaction.atomic(durable=True):
            if SeenMessage.objects.with_digest(digest).exists():
                return _known(mail)
            SeenMessage.note(digest)
            mail.raw = _delivered_to(envelope_to) + (raw if size <= LARGEST else raw[:BEGINNING])
            mail.save()
            return mail
    except IntegrityError:  # two processes at once
        return _known(mail)


def _known(mail: IncomingMail) -> IncomingMail:
    """The stored row of a message that arrived before; an empty one if that was deleted."""
    known: IncomingMail | None = IncomingMail.objects.filter(content_index=mail.content_digest).first()
    if known is not None:
        return known
    mail.raw, mail.state, mail.reason = None, State.IGNORED, NotFiled.DELETED_BEFORE
    mail.save()
    return mail


def _delivered_to(envelope_to: str) -> bytes:
    """The header field that a mail server would write, so that the stored message says to whom it went."""
    address = "".join(character for character in envelope_to if character.isprintable())
    return f"Delivered-To: {address}\n".encode() if address else b""


# --- Reading ----------------------------------------------------------------------------------------------------------


def process_mail(mail: IncomingMail, *, is_reviewed: bool = False) -> None:
    """Reads and files a received mail; if staff reviewed it, whatever the number of its sender's mails. Does nothing if
    that is done, or if another process is at it. Never raises: a failure is stored with its reason, or left to
    housekeeping while the database is away."""
    try:
        if not _claim(mail, now=timezone.now()):
            return
        try:
            _read_and_file(mail, is_reviewed)
        except UnreadableMessage as unreadable:
            _note_sender(mail)
            _set_aside(mail, State.FAILED, unreadable.reason)
        except (OperationalError, InterfaceError):
            raise
        except Exception as error:  # a bug; the text of the error may quote the message
            logger.error("incoming mail %s failed: %s", mail.pk, _place_of(error))
            _set_aside(mail, State.FAILED, NotFiled.PROGRAM)
    except (OperationalError, InterfaceError) as error:
        logger.warning("incoming mail %s waits: %s", mail.pk, type(error).__name__)


def process_received_mail(*, now: datetime) -> int:
    """Reads what a crash left unread. Returns how many."""
    left = list(_unclaimed(now).order_by("received_at")[:AT_ONCE])
    for mail in left:
        process_mail(mail)
    return len(left)


def _unclaimed(now: datetime) -> QuerySet[IncomingMail]:
    return IncomingMail.objects.filter(Q(tried_at=None) | Q(tried_at__lt=now - STUCK_AFTER), state=State.RECEIVED)


def _claim(mail: IncomingMail, *, now: datetime) -> bool:
    """Committed before the mail is read, so that one that kills the process does so `MAX_ATTEMPTS` times at most."""
    mine = _unclaimed(now).filter(pk=mail.pk, attempts=mail.attempts)
    if mail.attempts >= MAX_ATTEMPTS:
        mine.update(state=State.FAILED, reason=NotFiled.CRASHES)
        return False
    claimed = mine.update(attempts=F("attempts") + 1, tried_at=now)
    if claimed:
        mail.refresh_from_db(fields=["attempts", "tried_at"])
    return bool(claimed)


def _place_of(error: Exception) -> str:
    last = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} in {last.name}, line {last.lineno}"


def _read_and_file(mail: IncomingMail, is_reviewed: bool) -> None:
    """Reads outside the transaction, because a large message takes a while. Raises `UnreadableMessage`."""
    message = parse_message(bytes(mail.raw))
    read = read_message(message)
    automatic = automatic_because(message)
    with transaction.atomic():
        if not IncomingMail.objects.select_for_update().filter(pk=mail.pk, state=State.RECEIVED).exists():
            return
        _note_header(mail, read)
        if (reason := _needs_nobody(mail, message, read)) is not None:
            _set_aside(mail, State.IGNORED, reason)
            return
        mail.text, mail.quoted, mail.is_automatic = read.text, read.quoted, bool(automatic)
        if read.has_card_number:
            mail.raw = None
        if mail.size > LARGEST:
            _set_aside(mail, State.FAILED, NotFiled.TOO_LARGE)
            return
        mail.save()
        keep_files(mail=mail, files=read.files)
        if (reason := _why_held(mail, is_reviewed=is_reviewed)) is not None:
            _set_aside(mail, State.HELD, reason)
        elif (inquiry := file_mail(mail=mail, message=read, automatic=automatic)) is not None:
            store_in(mail=mail, inquiry=inquiry)
        else:
            _set_aside(mail, State.HELD, mail.reason or NotFiled.UNDECIDED)


def _note_header(mail: IncomingMail, read: ReadMessage) -> None:
    mail.message_id, mail.sender, mail.sent_at = read.message_id or None, read.sender or None, read.sent_at
    # A name with an @ passes for an address, and hides the real one on pages that show names.
    mail.sender_name = "" if "@" in read.sender_name else read.sender_name
    mail.subject, mail.wish = read.subject, wish_in(read)


def _note_sender(mail: IncomingMail) -> None:
    """Reads the header alone, so that a mail whose content can't be read is found for its sender: for their archive,
    and when they are erased."""
    header, end, _ = bytes(mail.raw).replace(b"\r\n", b"\n").partition(b"\n\n")
    with suppress(UnreadableMessage):
        _note_header(mail, read_message(parse_message(header + end)))


def _needs_nobody(mail: IncomingMail, message: EmailMessage, read: ReadMessage) -> NotFiled | None:
    """Handles what programs send to programs. None if the message goes on to a thread or to staff."""
    if mail.received_at + KEPT <= timezone.now():
        return NotFiled.TOO_OLD
    notification = record_notification(message, recipients=read.recipients)
    if notification is not None:
        return NotFiled.FOREIGN_BOUNCE if notification == "not ours" else NotFiled.BOUNCE
    is_opt_out = unsubscribe_by_mail(recipients=read.recipients, now=mail.received_at)
    if is_opt_out and wish_in(read) in ("", Kind.STOP_CONTACT):
        return NotFiled.UNSUBSCRIBED
    return NotFiled.OWN_MAIL if mail_with_id(read.message_id) else None


def _why_held(mail: IncomingMail, *, is_reviewed: bool) -> NotFiled | None:
    """What no thread takes before staff have looked. Rates count by when mails arrived, so that a mailbox that is read
    after a week holds nobody's mail."""
    if not mail.sender:
        return NotFiled.NO_SENDER
    if normalize_email(mail.sender) == normalize_email(settings.BUSINESS["email"]):
        return NotFiled.OUR_ADDRESS
    hour = Q(received_at__gt=mail.received_at - timedelta(hours=1), received_at__lte=mail.received_at)
    others = IncomingMail.objects.filter(hour, sender_index=mail.sender).exclude(pk=mail.pk)
    return NotFiled.TOO_MANY if not is_reviewed and others.count() >= PER_SENDER else None


def keep_files(*, mail: IncomingMail, files: Sequence[ReadFile]) -> None:
    """Stores the mail's files, sealed, instead of those of a former reading. They belong to no inquiry until the mail
    does. Requires a transaction."""
    Attachment._base_manager.filter(incoming_mail=mail).delete()
    for file in files:
        attachment = Attachment(incoming_mail=mail, name=file.name, content=file.content, added_at=mail.received_at)
        attachment.content_type, attachment.size = file.content_type, len(file.content)
        attachment.save()


def store_in(*, mail: IncomingMail, inquiry: Inquiry) -> None:
    """Makes the mail a part of this inquiry, with which it is kept and erased. The original isn't needed any more: the
    thread has its text and files. Requires a transaction."""
    inquiry.refresh_from_db(fields=["keep_until"])
    mail.inquiry, mail.state, mail.reason, mail.raw = inquiry, State.FILED, "", None
    mail.save()
    Attachment._base_manager.filter(incoming_mail=mail).update(inquiry=inquiry)


def _set_aside(mail: IncomingMail, state: IncomingMail.State, reason: str) -> None:
    """In no thread. What needs nobody is kept without its content; everything else as it arrived, for a look."""
    mail.state, mail.reason = state, reason
    if state == State.IGNORED:
        mail.raw = None
    mail.save()
    record(action=f"contacts.incoming_mail.{state}", about=mail, actor=None)


def counts() -> dict[str, int]:
    """How many mails are stored in each state."""
    found = dict(IncomingMail.objects.order_by().values_list("state").annotate(Count("pk")))
    return {state: found.get(state, 0) for state in State.values}
