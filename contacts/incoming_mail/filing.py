"""Filing an incoming mail: into the inquiry that it answers, into a new one, or among the held mails (ADR 69).

Nobody but the sender of a new inquiry is answered by the site itself, once, with a confirmation in which nothing of the
mail is repeated.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from contacts.inquiries.retention import keep_thread
from contacts.inquiries.spam_check import mail_looks_like_spam
from contacts.inquiries.workflow import notify_staff, receive_inquiry, reopen_for_mail
from contacts.mails import INQUIRY_RECEIVED
from contacts.models import IncomingMail, Inquiry
from privacy.audit.trail import record
from privacy.consent.opt_outs import is_opted_out
from privacy.encryption.normalization import normalize_email
from privacy.mail.bounces import note_answer
from privacy.mail.sending import notify
from privacy.mail.threads import reason_answered
from privacy.registry.purposes import Channel
from privacy.web.rate_limits import DAY, has_room

from .not_filed import NotFiled
from .threads import Subject, subject_of, thread_of
from .wishes import wish_in

if TYPE_CHECKING:
    from .message import ReadMessage

NO_TEXT = "(The email has no text.)"
LONGEST_NAME, LONGEST_MESSAGE = 150, 100_000  # characters; of a longer text, the whole is among the files
CONFIRMED_A_DAY = 3  # confirmations to one address; it may be forged
CONFIRMED_WITHIN = timedelta(days=2)  # of its arrival: whoever wrote longer ago, found in an old mailbox, awaits none
TOLD_AN_HOUR = 30  # mails to staff about mails of people whom they have answered; and as many about all others
OTHERS_A_DAY = 10  # mails in one thread by others than its sender; more are held


@transaction.atomic
def file_mail(*, mail: IncomingMail, message: ReadMessage, automatic: str) -> Inquiry | None:
    """Finds or begins the inquiry to which the mail belongs; None if it is held for staff instead, for `mail.reason`.

    `mail` is locked, has a sender, and is stored with what was read from it; the caller stores it again, in the
    inquiry. `automatic` says why a program is known to have written it; empty if a person did.
    """
    reason = reason_answered(message_ids=message.answers_to, recipients=message.recipients)
    subject = subject_of(reason, sender=mail.sender or "")
    mail.is_automatic, mail.wish = bool(automatic), wish_in(message)
    mail.answers = reason.mail_id if reason else None
    if mail.answers is not None and not automatic:
        note_answer(mail_id=mail.answers, sender=str(mail.sender))
    if subject is not None:
        mail.about_model, mail.about_id = subject.row._meta.label, subject.row.pk
    thread = thread_of(mail, subject=subject, answers_to=message.answers_to, now=timezone.now())
    if thread is not None and _is_flooded(thread, mail):
        mail.reason = NotFiled.TOO_MANY_OTHERS
        return None
    if thread is not None:
        add_to_thread(mail=mail, inquiry=thread)
    elif automatic:
        mail.reason = NotFiled.BY_PROGRAM
    else:
        thread = start_inquiry(mail=mail, subject=subject, held=is_suspicious(mail))
    if thread is not None:
        record(action="contacts.incoming_mail.filed", about=mail, actor=None)
    return thread


def add_to_thread(*, mail: IncomingMail, inquiry: Inquiry) -> None:
    """The inquiry waits again, unless a program wrote the mail. Nobody is answered."""
    if mail.is_automatic:
        return
    if inquiry.is_from(mail.sender):
        keep_thread(inquiry=inquiry, written_at=mail.received_at)
    reopen_for_mail(inquiry=inquiry)
    _tell_staff(inquiry, sender=mail.sender)


def start_inquiry(*, mail: IncomingMail, subject: Subject | None = None, held: bool = False) -> Inquiry:
    """Makes the mail the first message of a new inquiry of its sender: about an order, if it answers our mail about one
    of the sender's own. Its sender gets a confirmation, within limits; but not somebody who quotes a mail to somebody
    else, who opted out of email, or whose mail is held for review."""
    number = subject.order_number if subject else ""
    heading = f"{mail.subject}\n\n" if mail.subject else ""
    inquiry = Inquiry(
        channel=Inquiry.Channel.EMAIL,
        kind=Inquiry.Kind.ORDER if number else Inquiry.Kind.QUESTION,
        order_reference=number or None,
        name=(mail.sender_name or mail.sender or "")[:LONGEST_NAME],
        email=mail.sender,
        message=f"{heading}{mail.text or NO_TEXT}"[:LONGEST_MESSAGE],
        received_at=mail.received_at,
    )
    receive_inquiry(inquiry=inquiry, held=held, is_mailed=False)
    mail.starts_inquiry, mail.text = True, None  # the inquiry has it
    _tell_staff(inquiry, sender=mail.sender)
    is_sender = subject is None or subject.is_senders
    if is_sender and not held and _may_be_confirmed(mail):
        notify(INQUIRY_RECEIVED, to=inquiry.email, about=inquiry)
    return inquiry


def is_suspicious(mail: IncomingMail) -> bool:
    """Whether to hold a new inquiry for review. Somebody whose messages were no spam may send links."""
    states = set(Inquiry.objects.of_person(mail.sender).values_list("state", flat=True)) - {Inquiry.State.HELD}
    if states:
        return states == {Inquiry.State.SPAM}
    return mail_looks_like_spam(texts=[mail.subject or "", mail.text or ""], email=mail.sender or "")


def _may_be_confirmed(mail: IncomingMail) -> bool:
    """The address may be forged, and its owner may have opted out; what staff answer may be mailed all the same."""
    now, address = timezone.now(), str(mail.sender)
    owner = normalize_email(address)
    if mail.received_at < now - CONFIRMED_WITHIN or is_opted_out(address, Channel.EMAIL):
        return False
    return has_room("mail confirmed address", owner, slots=CONFIRMED_A_DAY, now=now, window=DAY) and has_room(
        "mail confirmed", "everybody", slots=settings.MAIL_LIMIT_PER_NETWORK, now=now
    )


def _is_flooded(inquiry: Inquiry, mail: IncomingMail) -> bool:
    """Whoever has one mail of ours can write into its thread, from any number of addresses."""
    if inquiry.is_from(mail.sender):
        return False
    day = {"received_at__gt": mail.received_at - timedelta(days=1), "received_at__lte": mail.received_at}
    mails = inquiry.incoming_mails.filter(**day)
    others = mails.exclude(sender_index=inquiry.email) if inquiry.email else mails
    return bool(others.count() >= OTHERS_A_DAY)


def _tell_staff(inquiry: Inquiry, *, sender: str | None) -> None:
    """Within a limit: anybody can send mails by the thousand. They don't use up that of the people we have answered."""
    answered = Inquiry.objects.of_person(sender).filter(replies__isnull=False).exists()
    bucket = "people we answered" if answered else "others"
    if has_room("mails told", bucket, slots=TOLD_AN_HOUR, now=timezone.now()):
        notify_staff(inquiry=inquiry)
