"""Sending mail: the only place in this project that does.

Every message has a kind (`privacy.registry.mail_kinds`): its purpose, its template, and what must be alive for it to be
sent (the inquiry, the order, the request that it serves). The gate (`privacy.mail.gate`) looks when a message is
written, and again at the moment of delivery. A message is stored sealed in the same transaction as the change that
caused it, and delivered by a task.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import datetime, timedelta
from email import message_from_bytes
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTPUTF8
from email.utils import parseaddr
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
from django.template.loader import render_to_string
from django.utils import timezone
from django_tasks import task

from privacy.consent.preference_links import choices_url, one_click_url
from privacy.encryption.normalization import normalize_email
from privacy.keystore.clock import clock_jump
from privacy.models import OutgoingMail
from privacy.models.consent import MailTally, count_mail
from privacy.registry.expiring import is_due
from privacy.registry.mail_kinds import ByStrangers, MailKind, kind_named, mail_kind
from privacy.registry.purpose_binding import upkeep
from privacy.registry.purposes import Refusal

from .bounces import Verdict, mark_undeliverable, message_id, verdict
from .gate import MailRefused, mailable, pass_gate

__all__ = ["MailKind", "MailRefused", "deliver_due_mail", "deliver_mail", "mail_kind", "notify", "queue_mail"]

logger = logging.getLogger(__name__)

MAX_ATTEMPTS = 16  # over about two days
BACK_OFF = timedelta(minutes=1)  # doubled with every attempt, up to the longest
LONGEST_BACK_OFF = timedelta(hours=6)
STUCK_AFTER = timedelta(minutes=10)  # a worker that died while sending; the message is tried again
LINK_FORGOTTEN = "This message held a link for its reader alone, so its text is not kept."
NO_SMTPUTF8 = (
    "the part before the @ has letters beyond ASCII, and our mail server does not send to such addresses (SMTPUTF8)"
)
NOT_SENT = "This message was not sent, so its text is not kept."

State, Outcome = OutgoingMail.State, MailTally.Outcome


class NotARecipient(ValueError):
    """A defect in the code that wrote a message."""


def queue_mail(kind: MailKind, *, to: str, about: models.Model, context: Mapping[str, Any]) -> OutgoingMail:
    """Writes one message, sealed, and enqueues its delivery in the caller's transaction.

    Raises `MailRefused`, and `NotARecipient` for an address that is not stored with what the message is about: one that
    was typed a moment ago gets no mail about somebody else's row, whatever it looks like.
    """
    _may_be_written(kind, to=to, about=about)
    if normalize_email(to) not in {normalize_email(address) for address in kind.recipients(about) if address}:
        raise NotARecipient(
            f"{kind.template} does not go to this address: it is not stored with the {about._meta.label}."
        )
    shown = about if kind.confirmed else ByStrangers(about, kind.shows)
    business = {"business": settings.BUSINESS, "site_url": settings.SITE_URL}
    variables = {**business, "choices_url": choices_url(to, now=timezone.now()), "about": shown, **context}
    subject, text, html = (_render(kind, part, variables) for part in ("subject.txt", "txt", "html"))
    with transaction.atomic():
        mail = OutgoingMail.objects.create(
            kind=kind.template,
            about_model=about._meta.label,
            about_id=about.pk,
            recipient=to,
            subject=" ".join(subject.split()),
            text=text,
            html=html,
        )
        deliver_mail.enqueue(str(mail.pk))
    return mail


def notify(kind: MailKind, *, to: str | None, about: models.Model, context: Mapping[str, Any] | None = None) -> bool:
    """`queue_mail` for a mail that is welcome but not needed: what it tells has happened, and a page shows it.

    False without an address, and where the gate refuses, which the tally counts. Raises `NotARecipient`.
    """
    if not to:
        return False
    try:
        queue_mail(kind, to=to, about=about, context=context or {})
    except MailRefused as refused:
        logger.info("no mail %s about %s %s: %s", kind.template, about._meta.label, about.pk, refused)
        return False
    return True


def _may_be_written(kind: MailKind, *, to: str, about: models.Model) -> None:
    """A page that answers somebody's wish must not fail because mail to the address comes back: such a message is
    written, and refused at delivery, where staff see it."""
    try:
        pass_gate(kind, about=about, to=to)
    except MailRefused as refused:
        if kind.despite_opt_out and refused.refusal == Refusal.UNDELIVERABLE:
            return
        _count(kind, Outcome.REFUSED, refused.refusal)
        raise


def _render(kind: MailKind, part: str, variables: Mapping[str, Any]) -> str:
    app, _, name = kind.template.partition("/")
    return render_to_string(f"{app}/mail/{name}.{part}", dict(variables))


@task()
@upkeep
def deliver_mail(mail_id: str) -> None:
    """Sends one message, at most once unless a worker dies between sending and marking."""
    mail = _claim(UUID(mail_id), now=timezone.now())
    if mail is None:
        return
    try:
        _send(mail, kind_named(mail.kind))
    except MailRefused as refused:
        _refuse(mail, refused)
    except SMTPRecipientsRefused as error:
        _recipient_refused(mail, error)
    except SMTPDataError as error:
        _message_refused(mail, error)
    except Exception as error:  # the server is away, or there is a defect; the error's text may name the person
        _retry_later(mail, error)
    else:
        _finish(mail, Outcome.SENT, sent_at=timezone.now())


def mail_connection() -> Any:
    """A connection, not open yet, to the mail server that `settings.MAILERS` names."""
    if django.VERSION >= (6, 1):
        return django_mail.mailers.default
    mailer = settings.MAILERS["default"]
    return django_mail.get_connection(mailer["BACKEND"], **mailer.get("OPTIONS", {}))


def reach_mail_server() -> None:
    """Connects and sends nothing; a folder of mails is no server. Raises `OSError` or `SMTPException`."""
    connection = mail_connection()
    if hasattr(connection, "host"):
        connection.open()
        connection.close()


def _send(mail: OutgoingMail, kind: MailKind) -> None:
    """Asks the gate before and after the server has answered, which may take its time: whoever opts out or is erased
    until then gets nothing."""
    pass_gate(kind, about=_reason_of(mail), to=mail.recipient)
    message = _message(mail, kind)
    with mail_connection() as connection:
        pass_gate(kind, about=_reason_of(mail), to=mail.recipient)
        if not OutgoingMail.objects.filter(pk=mail.pk).exists():
            raise MailRefused(Refusal.REASON_GONE, "the message itself was deleted")
        _hand_over(message, connection)


def _claim(mail_id: UUID, *, now: datetime) -> OutgoingMail | None:
    """Takes a queued message for this worker; None when it is not due or another worker has it."""
    claimed = OutgoingMail.objects.filter(is_due("due_at", now), pk=mail_id, state=State.QUEUED).update(
        state=State.SENDING, attempts=F("attempts") + 1, due_at=now
    )
    return OutgoingMail.objects.filter(pk=mail_id).first() if claimed else None


def _reason_of(mail: OutgoingMail) -> models.Model | None:
    reason: models.Model | None = apps.get_model(mail.about_model)._base_manager.filter(pk=mail.about_id).first()
    return reason


def _message(mail: OutgoingMail, kind: MailKind) -> EmailMultiAlternatives:
    recipient = mailable(mail.recipient)
    email_class = EmailMultiAlternatives if recipient.isascii() else InternationalMail
    message = email_class(mail.subject, mail.text, to=[recipient], headers=_headers(mail, kind))
    message.attach_alternative(mail.html, "text/html")
    return message


class InternationalMail(EmailMultiAlternatives):
    """To one address with letters beyond ASCII before the @, which stands in the header as it is (RFC 6532).

    Django would write it as an encoded word, which names another mailbox.
    """

    def message(self, **options: Any) -> EmailMessage:
        [recipient], self.to = self.to, []
        try:
            rest = super().message(**options)
        finally:
            self.to = [recipient]
        whole: EmailMessage = message_from_bytes(rest.as_bytes(), policy=SMTPUTF8)
        local, _, domain = recipient.rpartition("@")
        whole["To"] = Address(username=local, domain=domain)
        return whole


def _hand_over(message: EmailMultiAlternatives, connection: Any) -> None:
    """Raises `MailRefused` where the mail server has no SMTPUTF8 (RFC 6531) and the address needs it."""
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
    """What nobody waits for is stopped by a button of the mail program (RFC 8058; the mail server signs them)."""
    domain = settings.BUSINESS["email"].rpartition("@")[2]
    headers = {"Message-ID": message_id(mail, domain=domain), "Auto-Submitted": "auto-generated"}
    if not kind.transactional:
        address = one_click_url(mail.recipient, purpose=kind.purpose, now=timezone.now())
        headers |= {"List-Unsubscribe": f"<{address}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}
    return headers


@transaction.atomic
def _finish(mail: OutgoingMail, outcome: str, *, because: str = "", **changes: Any) -> None:
    """Ends the message's way. A link that lets its reader act is nowhere kept after that, nor what was not sent."""
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
    """For good, unless the clock is not believed: by a wrong one, reasons look older than they are."""
    if clock_jump(now=timezone.now()):
        _retry_later(mail, refused)
    else:
        _finish(mail, Outcome.REFUSED, because=refused.refusal, refusal=str(refused))


def _recipient_refused(mail: OutgoingMail, error: SMTPRecipientsRefused) -> None:
    """The server does not take mail for this address: for good, or for now."""
    said = _said(*next(iter(error.recipients.values())))
    if not said.is_final:
        return _retry_later(mail, error)
    logger.warning("mail %s came back: %s", mail.pk, said.code)
    with transaction.atomic():
        _finish(mail, Outcome.BOUNCED, refusal=f"came back: {said.code}")
        mark_undeliverable(mail.recipient, code=said.code)


def _message_refused(mail: OutgoingMail, error: SMTPDataError) -> None:
    """The server does not take this message; that says nothing about the address."""
    if error.smtp_code < 500:
        return _retry_later(mail, error)
    logger.warning("mail %s not taken: %s", mail.pk, error.smtp_code)
    _finish(mail, Outcome.FAILED, refusal=f"the mail server did not take this message ({error.smtp_code})")


def _said(code: int, text: bytes | str) -> Verdict:
    return verdict(code, text.decode(errors="replace") if isinstance(text, bytes) else text)


def _retry_later(mail: OutgoingMail, error: Exception) -> None:
    logger.warning("mail %s not delivered: %s", mail.pk, type(error).__name__)
    if mail.attempts >= MAX_ATTEMPTS:
        _finish(mail, Outcome.FAILED, refusal="given up after many attempts")
    else:
        wait = min(BACK_OFF * 2**mail.attempts, LONGEST_BACK_OFF)
        _change(mail, state=State.QUEUED, due_at=timezone.now() + wait)


def deliver_due_mail(*, now: datetime) -> int:
    """Enqueues what waits for another attempt, or was left behind by a worker that died. Returns how many."""
    _free_stuck_mail(now)
    overdue = OutgoingMail.objects.filter(is_due("due_at", now), state=State.QUEUED).order_by("due_at")
    due = list(overdue.values_list("pk", flat=True)[:500])
    for mail_id in due:
        deliver_mail.enqueue(str(mail_id))
    return len(due)


def _free_stuck_mail(now: datetime) -> None:
    """What a dead worker left half-way is tried again, or given up when it has had its attempts."""
    stuck = OutgoingMail.objects.filter(is_due("due_at", now - STUCK_AFTER), state=State.SENDING)
    for mail in stuck.filter(attempts__gte=MAX_ATTEMPTS):
        _finish(mail, Outcome.FAILED, refusal="given up after many attempts")
    stuck.update(state=State.QUEUED, due_at=now)
