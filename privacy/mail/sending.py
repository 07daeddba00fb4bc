"""Sending mail: the only module in this project that does.

Every mail has a kind (`privacy.registry.mail_kinds`): its purpose, its template, and the row that is its reason (an
inquiry, an order, a request). The mail gate (`privacy.mail.gate`) checks it when it is queued, and again at
delivery. A mail is stored sealed in the same transaction as the change that caused it, and delivered by a task.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTPUTF8, default
from email.utils import parseaddr
from functools import partial
from smtplib import SMTP, SMTPDataError, SMTPRecipientsRefused
from typing import Any
from uuid import UUID

import django
from django.apps import apps
from django.conf import settings
from django.core import mail as django_mail
from django.core.mail import EmailMultiAlternatives
from django.db import models, transaction
from django.db.models import F
from django.utils import timezone
from django_tasks import task

from privacy.consent.preference_links import one_click_url, preferences_url
from privacy.databases.outages import through_outages
from privacy.databases.tasks import commits_by_itself
from privacy.encryption.normalization import normalize_email
from privacy.keystore.clock import clock_jump
from privacy.models import OutgoingMail
from privacy.models.consent import MailTally, count_mail
from privacy.registry.expiring import is_due
from privacy.registry.mail_kinds import ByStrangers, MailKind, kind_named, mail_kind
from privacy.registry.purpose_binding import upkeep
from privacy.registry.purposes import Refusal
from privacy.web.bounded_sockets import deadline

from .bounces import mark_undeliverable
from .gate import MailRefused, deliverable_address, require_mail_allowed
from .long_headers import HEADERS
from .plain_text import subject_and_text
from .smtp_replies import SmtpReply, verdict
from .texts.rendering import render_mail
from .threads import message_id, references, reply_address
from .unsubscribing import unsubscribe_address
from .verp import bounce_address

__all__ = [
    "MailKind",
    "MailRefused",
    "deliver_alarms",
    "deliver_due_mail",
    "deliver_mail",
    "discard_queued_mail",
    "mail_kind",
    "notify",
    "queue_mail",
]

logger = logging.getLogger(__name__)

MAX_ATTEMPTS = 16  # over about two days
BACK_OFF = timedelta(minutes=1)  # doubled with every attempt, up to LONGEST_BACK_OFF
LONGEST_BACK_OFF = timedelta(hours=6)
SEND_WITHIN = 120  # seconds for the whole conversation with the mail server about one mail
REACH_WITHIN = 20  # seconds to find out whether it is there
STUCK_AFTER = timedelta(minutes=10)  # then the worker is considered dead, and the mail is retried
LINK_FORGOTTEN = "This message contained a private link, so its text was not kept."
NO_SMTPUTF8 = (
    "the part before the @ has non-ASCII letters, and our mail server does not support such addresses (SMTPUTF8)"
)
NOT_SENT = "This message was not sent, so its text was not kept."
MESSAGE_ID = re.compile(r"<[!-;=?-~]{1,300}@[!-;=?-~]{1,255}>")  # one, without white space: no header can be added

State, Outcome = OutgoingMail.State, MailTally.Outcome


class NotARecipient(ValueError):
    """The recipient's address isn't stored with the mail's reason; a bug in the caller."""


def queue_mail(kind: MailKind, *, to: str, about: models.Model, context: Mapping[str, Any]) -> OutgoingMail:
    """Stores one mail, sealed, and enqueues its delivery in the caller's transaction.

    Raises `MailRefused`, and `NotARecipient` for an address that isn't stored with the row the mail is about, so that a
    typed address never gets mail about another person's row.
    """
    _may_be_written(kind, to=to, about=about)
    if normalize_email(to) not in {normalize_email(address) for address in kind.recipients(about) if address}:
        raise NotARecipient(
            f"{kind.template} can't be sent to this address: it is not stored with the {about._meta.label}."
        )
    shown = about if kind.confirmed else ByStrangers(about, kind.shows)
    business = {"business": settings.BUSINESS, "site_url": settings.SITE_URL}
    variables = {**business, "preferences_url": preferences_url(to, now=timezone.now()), "about": shown, **context}
    html = _render(kind, variables)
    subject, text = subject_and_text(html)
    with transaction.atomic():
        mail = OutgoingMail.objects.create(
            kind=kind.template,
            about_model=about._meta.label,
            about_id=about.pk,
            recipient=to,
            subject=subject,
            text=text,
            html=html,
        )
        deliver_mail.enqueue(str(mail.pk))
    return mail


def notify(kind: MailKind, *, to: str | None, about: models.Model, context: Mapping[str, Any] | None = None) -> bool:
    """`queue_mail` for an optional mail about something that has happened and that a page shows, too.

    Returns False without an address, or if the gate refuses, which the tally counts. Raises `NotARecipient`.
    """
    if not to:
        return False
    try:
        queue_mail(kind, to=to, about=about, context=context or {})
    except MailRefused as refused:
        logger.info("no mail %s about %s %s: %s", kind.template, about._meta.label, about.pk, refused)
        return False
    return True


def discard_queued_mail(*, about: models.Model) -> None:
    """Deletes pending mail about a row whose address turned out to be wrong."""
    OutgoingMail.objects.filter(about_model=about._meta.label, about_id=about.pk, state=State.QUEUED).delete()


def _may_be_written(kind: MailKind, *, to: str, about: models.Model) -> None:
    """Asks the mail gate. Mail that the person requested is queued even if the address is undeliverable, so that the
    page doesn't fail; it is refused at delivery, where staff see it."""
    try:
        require_mail_allowed(kind, about=about, to=to)
    except MailRefused as refused:
        if kind.despite_opt_out and refused.refusal == Refusal.UNDELIVERABLE:
            return
        _count(kind, Outcome.REFUSED, refused.refusal)
        raise


def _render(kind: MailKind, variables: Mapping[str, Any]) -> str:
    """Times in mails are in UTC and say so, also if a page of the admin, which shows local times, caused the mail.
    Mails for staff convert theirs to the time of the business, as the admin does."""
    with timezone.override(UTC):
        return render_mail(kind, variables)


@task()
@commits_by_itself
@upkeep
def deliver_mail(mail_id: str) -> None:
    """Sends one mail, exactly once unless a worker dies between sending and marking it as sent."""
    mail = _claim(UUID(mail_id), now=timezone.now())
    if mail is not None:
        # What became of it is known only here: the database may be away, but must not hear of it twice or never.
        through_outages(_deliver(mail))


def _deliver(mail: OutgoingMail) -> Callable[[], None]:
    """Returns what records the outcome."""
    try:
        _send(mail, kind_named(mail.kind))
    except MailRefused as refused:
        return partial(_refuse, mail, refused)
    except SMTPRecipientsRefused as error:
        return partial(_recipient_refused, mail, error)
    except SMTPDataError as error:
        return partial(_message_refused, mail, error)
    except Exception as error:  # server down, or a bug; the error's text may name the person, so it isn't logged
        return partial(_retry_later, mail, error)
    return partial(_finish, mail, Outcome.SENT, sent_at=timezone.now())


def mail_connection() -> Any:
    """An unopened connection to the mail server in `settings.MAILERS`."""
    if django.VERSION >= (6, 1):
        return django_mail.mailers.default
    mailer = settings.MAILERS["default"]
    return django_mail.get_connection(mailer["BACKEND"], **mailer.get("OPTIONS", {}))


def reach_mail_server() -> None:
    """Connects to the SMTP server, if one is configured, without sending. Raises `OSError` or `SMTPException`."""
    connection = mail_connection()
    if hasattr(connection, "host"):
        with deadline(REACH_WITHIN):
            connection.open()
            connection.close()


def _send(mail: OutgoingMail, kind: MailKind) -> None:
    """Asks the mail gate before and after connecting, which may take a while, so that a person who opts out or is
    erased meanwhile gets nothing."""
    require_mail_allowed(kind, about=_reason_of(mail), to=mail.recipient)
    message = _message(mail, kind)
    with deadline(SEND_WITHIN), mail_connection() as connection:
        require_mail_allowed(kind, about=_reason_of(mail), to=mail.recipient)
        if not OutgoingMail.objects.filter(pk=mail.pk).exists():
            raise MailRefused(Refusal.REASON_GONE, "the message itself was deleted")
        _hand_over(message, connection)


def _claim(mail_id: UUID, *, now: datetime) -> OutgoingMail | None:
    """Claims a queued mail for this worker; None if it isn't due or another worker has it."""
    claimed = OutgoingMail.objects.filter(is_due("due_at", now), pk=mail_id, state=State.QUEUED).update(
        state=State.SENDING, attempts=F("attempts") + 1, due_at=now
    )
    return OutgoingMail.objects.filter(pk=mail_id).first() if claimed else None


def _reason_of(mail: OutgoingMail) -> models.Model | None:
    reason: models.Model | None = apps.get_model(mail.about_model)._base_manager.filter(pk=mail.about_id).first()
    return reason


def _message(mail: OutgoingMail, kind: MailKind) -> Mail:
    recipient = deliverable_address(mail.recipient)
    mail_class = Mail if recipient.isascii() else InternationalMail
    headers, envelope_sender = _headers(mail, kind), bounce_address(mail)
    if envelope_sender:
        headers["From"] = settings.DEFAULT_FROM_EMAIL
    message = mail_class(
        mail.subject,
        mail.text,
        from_email=envelope_sender or None,
        to=[recipient],
        reply_to=[address] if (address := reply_address(mail)) else None,
        headers=headers,
    )
    message.attach_alternative(mail.html, "text/html")
    return message


class Mail(EmailMultiAlternatives):
    """`from_email` is the envelope sender. The header From is another address if returned mail goes elsewhere."""

    def message(self, **options: Any) -> Any:
        if django.VERSION >= (6, 1):
            options["policy"] = options.get("policy", default).clone(header_factory=HEADERS)
        return super().message(**options)


class InternationalMail(Mail):
    """A mail to one address with non-ASCII letters before the @, which the header contains unencoded (RFC 6532).

    Django would write an encoded word, which names another mailbox.
    """

    def message(self, **options: Any) -> EmailMessage:
        [recipient], self.to = self.to, []
        try:
            rest = super().message(**options)
        finally:
            self.to = [recipient]
        whole: EmailMessage = message_from_bytes(rest.as_bytes(), policy=SMTPUTF8.clone(header_factory=HEADERS))
        local, _, domain = recipient.rpartition("@")
        whole["To"] = Address(username=local, domain=domain)
        return whole


def _hand_over(message: Mail, connection: Any) -> None:
    """Sends the message. Raises `MailRefused` if the address needs SMTPUTF8 (RFC 6531) and the server lacks it."""
    server = getattr(connection, "connection", None)
    if not (isinstance(message, InternationalMail) and isinstance(server, SMTP)):
        connection.send_messages([message])
        return
    server.ehlo_or_helo_if_needed()
    if not server.has_extn("smtputf8"):
        raise MailRefused(Refusal.UNREADABLE, NO_SMTPUTF8)
    options = ["SMTPUTF8", "BODY=8BITMIME"]
    server.sendmail(parseaddr(message.from_email)[1], message.to, message.message().as_bytes(), options)


def _headers(mail: OutgoingMail, kind: MailKind) -> dict[str, str]:
    """Identifiers of the thread, whether a person wrote the mail, and how to unsubscribe from what nobody waits for."""
    answered = _answered(mail, kind)
    headers = {"Message-ID": message_id(mail), "References": references(answered, mail)}
    if answered:
        headers["In-Reply-To"] = answered[-1]
    if not kind.written_by_staff:
        # RFC 3834, section 5; the other one is Exchange's, which ignores the first. Not "All": returned mail is wanted.
        headers["Auto-Submitted"] = "auto-replied" if answered else "auto-generated"
        headers["X-Auto-Response-Suppress"] = "OOF, AutoReply"
    if not kind.transactional:
        headers |= _unsubscribe_headers(mail, kind)
    return headers


def _answered(mail: OutgoingMail, kind: MailKind) -> list[str]:
    """Message-IDs that the mail answers, oldest first. Only what can stand in a header: they were written by others."""
    reason = _reason_of(mail) if kind.answers else None
    answered = kind.answers(reason) if kind.answers and reason is not None else []
    return [named for message_id in answered if MESSAGE_ID.fullmatch(named := f"<{message_id.strip('<> ')}>")]


def _unsubscribe_headers(mail: OutgoingMail, kind: MailKind) -> dict[str, str]:
    """One click (RFC 8058; the mail server signs both headers) and, for programs without it, a mail (RFC 2369)."""
    url = one_click_url(mail.recipient, purpose=kind.purpose, now=timezone.now())
    address = unsubscribe_address(mail, kind)
    links = [f"<mailto:{address}>", f"<{url}>"] if address else [f"<{url}>"]
    return {"List-Unsubscribe": ", ".join(links), "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}


@transaction.atomic
def _finish(mail: OutgoingMail, outcome: str, *, because: str = "", **changes: Any) -> None:
    """Sets the final state. Removes the text of mails that contained a private link or weren't sent."""
    kind = kind_named(mail.kind)
    if kind.holds_link or outcome != Outcome.SENT:
        instead = LINK_FORGOTTEN if kind.holds_link else NOT_SENT
        changes |= {name: mail.sealed(name, instead) for name in ("text", "html")}
    if _change(mail, state=State(outcome), **changes):
        _count(kind, outcome, because)


def _change(mail: OutgoingMail, **changes: Any) -> int:
    return OutgoingMail.objects.filter(pk=mail.pk, state=State.SENDING).update(**changes)


def _count(kind: MailKind, outcome: str, because: str = "") -> None:
    count_mail(kind=kind.template, purpose=kind.purpose, outcome=outcome, because=because, day=timezone.now().date())


def _refuse(mail: OutgoingMail, refused: MailRefused) -> None:
    """Refuses the mail permanently, or retries later if the clock isn't trusted, since it may make reasons look
    expired."""
    if clock_jump(now=timezone.now()):
        _retry_later(mail, refused)
    else:
        _finish(mail, Outcome.REFUSED, because=refused.refusal, refusal=str(refused))


def _recipient_refused(mail: OutgoingMail, error: SMTPRecipientsRefused) -> None:
    """The server rejected the recipient: bounces on a permanent failure, else retries later."""
    said = _said(*next(iter(error.recipients.values())))
    if not said.is_final:
        return _retry_later(mail, error)
    with transaction.atomic():
        _finish(mail, Outcome.BOUNCED, refusal=f"bounced: {said.code}")
        mark_undeliverable(mail.recipient, code=said.code)
    logger.warning("mail %s bounced: %s", mail.pk, said.code)


def _message_refused(mail: OutgoingMail, error: SMTPDataError) -> None:
    """The server rejected the message, which says nothing about the address."""
    if error.smtp_code < 500:
        return _retry_later(mail, error)
    _finish(mail, Outcome.FAILED, refusal=f"the mail server rejected this message ({error.smtp_code})")
    logger.warning("mail %s rejected: %s", mail.pk, error.smtp_code)


def _said(code: int, text: bytes | str) -> SmtpReply:
    return verdict(code, text.decode(errors="replace") if isinstance(text, bytes) else text)


def _retry_later(mail: OutgoingMail, error: Exception) -> None:
    if mail.attempts >= MAX_ATTEMPTS:
        _finish(mail, Outcome.FAILED, refusal="failed after too many attempts")
    else:
        wait = min(BACK_OFF * 2**mail.attempts, LONGEST_BACK_OFF)
        _change(mail, state=State.QUEUED, due_at=timezone.now() + wait)
    logger.warning("mail %s not delivered: %s", mail.pk, type(error).__name__)


def deliver_due_mail(*, now: datetime) -> int:
    """Enqueues mails that are due for a retry or were left behind by a dead worker. Returns how many."""
    _free_stuck_mail(now)
    overdue = OutgoingMail.objects.filter(is_due("due_at", now), state=State.QUEUED).order_by("due_at")
    due = list(overdue.values_list("pk", flat=True)[:500])
    for mail_id in due:
        deliver_mail.enqueue(str(mail_id))
    return len(due)


def deliver_alarms(*, now: datetime) -> int:
    """Sends due mails about heartbeats in this process, because the worker has stopped. Returns how many it tried."""
    alarms = OutgoingMail.objects.filter(is_due("due_at", now), state=State.QUEUED, about_model="privacy.Heartbeat")
    due = list(alarms.values_list("pk", flat=True))
    for mail_id in due:
        deliver_mail.call(str(mail_id))
    return len(due)


def _free_stuck_mail(now: datetime) -> None:
    """Requeues mails of dead workers, or fails them if they had too many attempts."""
    stuck = OutgoingMail.objects.filter(is_due("due_at", now - STUCK_AFTER), state=State.SENDING)
    for mail in stuck.filter(attempts__gte=MAX_ATTEMPTS):
        _finish(mail, Outcome.FAILED, refusal="failed after too many attempts")
    stuck.update(state=State.QUEUED, due_at=now)
