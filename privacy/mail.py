"""The mail gate: the only place in this project that sends mail.

Every message has a kind, declared once in an app's `mails.py`: its purpose, its template, and what must be alive for
it to be sent (the inquiry, the order, the request that it serves). The gate looks when a message is written, and again
at the moment of delivery. A message is stored sealed in the same transaction as the change that caused it, and
delivered by a task.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.apps import apps
from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db import models, transaction
from django.db.models import F
from django.template.loader import render_to_string
from django.utils import timezone
from django_tasks import task

from .models import OutgoingMail, Suppression
from .policy.gate import purpose_is_open
from .purposes import Channel, Purpose

logger = logging.getLogger(__name__)

MAX_ATTEMPTS = 16  # over about two days
BACK_OFF = timedelta(minutes=1)  # doubled with every attempt, up to the longest
LONGEST_BACK_OFF = timedelta(hours=6)
STUCK_AFTER = timedelta(minutes=10)  # a worker that died while sending; the message is tried again
LINK_FORGOTTEN = "This message held a link for its reader alone, so its text is not kept."


class MailRefused(Exception):
    """The gate does not let this message through; the text says why, without naming the person."""


@dataclass(frozen=True, kw_only=True)
class MailKind:
    """`template` names `templates/<app>/mail/<name>.subject.txt`, `.txt`, `.html`; `about` the model of the reason."""

    template: str
    purpose: Purpose
    about: str
    live: Callable[[Any], bool]
    despite_opt_out: bool = False  # the person asked for exactly this message a moment ago
    holds_link: bool = False  # one that lets its reader act: the text is forgotten once it is delivered
    began: Callable[[Any], datetime] | None = None  # when the person gave the address for this: a later opt-out ends it


_kinds: dict[str, MailKind] = {}


def mail_kind(
    template: str,
    *,
    purpose: Purpose,
    about: str,
    live: Callable[[Any], bool] = lambda reason: True,
    **further: Any,
) -> MailKind:
    """Declares a kind of message. Called at import of an app's `mails.py`, which start-up finds by itself."""
    kind = MailKind(template=template, purpose=purpose, about=about, live=live, **further)
    _kinds[template] = kind
    return kind


def queue_mail(kind: MailKind, *, to: str, about: models.Model, context: Mapping[str, Any]) -> OutgoingMail:
    """Writes one message, sealed, and enqueues its delivery in the caller's transaction. Raises `MailRefused`."""
    _pass_gate(kind, about=about, to=to)
    variables = {"business": settings.BUSINESS, "site_url": settings.SITE_URL, "about": about, **context}
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


def _render(kind: MailKind, part: str, variables: Mapping[str, Any]) -> str:
    app, _, name = kind.template.partition("/")
    return render_to_string(f"{app}/mail/{name}.{part}", dict(variables))


def _pass_gate(kind: MailKind, *, about: models.Model | None, to: str) -> None:
    if about is None or about._meta.label != kind.about:
        raise MailRefused("what this message was about is gone")
    if not purpose_is_open(kind.purpose):
        raise MailRefused("the privacy policy in effect does not cover its purpose")
    if not kind.live(about):
        raise MailRefused("its reason is no longer open")
    given_at = kind.began(about) if kind.began else None
    if not kind.despite_opt_out and is_opted_out(to, Channel.EMAIL, given_at=given_at):
        raise MailRefused("this person asked not to be contacted by e-mail")


def is_opted_out(email: str, channel: Channel, *, given_at: datetime | None = None) -> bool:
    """Whether the person asked not to be contacted; with `given_at`, whether they did so after giving the address."""
    opt_outs = Suppression.objects.filter(email_index=email, channel=channel)
    return (opt_outs if given_at is None else opt_outs.filter(created_at__gte=given_at)).exists()


@task()
def deliver_mail(mail_id: str) -> None:
    """Sends one message, at most once unless a worker dies between sending and marking."""
    mail = _claim(UUID(mail_id), now=timezone.now())
    if mail is None:
        return
    try:
        kind = _kinds[mail.kind]
        _pass_gate(kind, about=_reason_of(mail), to=mail.recipient)
        _message(mail).send()
    except MailRefused as refusal:
        _finish(mail, state=OutgoingMail.State.REFUSED, refusal=str(refusal))
    except Exception as error:  # the server is away, or there is a defect; the error's text may name the person
        _retry_later(mail, error)
    else:
        _finish(mail, state=OutgoingMail.State.SENT, sent_at=timezone.now())


def _claim(mail_id: UUID, *, now: datetime) -> OutgoingMail | None:
    """Takes a queued message for this worker; None when it is not due or another worker has it."""
    claimed = OutgoingMail.objects.filter(pk=mail_id, state=OutgoingMail.State.QUEUED, due_at__lte=now).update(
        state=OutgoingMail.State.SENDING, attempts=F("attempts") + 1, due_at=now
    )
    return OutgoingMail.objects.filter(pk=mail_id).first() if claimed else None


def _reason_of(mail: OutgoingMail) -> models.Model | None:
    reason: models.Model | None = apps.get_model(mail.about_model)._base_manager.filter(pk=mail.about_id).first()
    return reason


def _message(mail: OutgoingMail) -> EmailMultiAlternatives:
    domain = settings.BUSINESS["email"].rpartition("@")[2]
    # The same Message-ID on every attempt lets mail programs drop a double.
    headers = {"Message-ID": f"<{mail.pk}@{domain}>", "Auto-Submitted": "auto-generated"}
    message = EmailMultiAlternatives(mail.subject, mail.text, to=[mail.recipient], headers=headers)
    message.attach_alternative(mail.html, "text/html")
    return message


def _finish(mail: OutgoingMail, **changes: Any) -> None:
    """Ends the message's way. A link that lets its reader act is nowhere kept after that."""
    if mail.kind in _kinds and _kinds[mail.kind].holds_link:
        changes |= {name: mail.sealed(name, LINK_FORGOTTEN) for name in ("text", "html")}
    _change(mail, **changes)


def _change(mail: OutgoingMail, **changes: Any) -> None:
    OutgoingMail.objects.filter(pk=mail.pk, state=OutgoingMail.State.SENDING).update(**changes)


def _retry_later(mail: OutgoingMail, error: Exception) -> None:
    logger.warning("mail %s not delivered: %s", mail.pk, type(error).__name__)
    if mail.attempts >= MAX_ATTEMPTS:
        _finish(mail, state=OutgoingMail.State.FAILED)
    else:
        wait = min(BACK_OFF * 2**mail.attempts, LONGEST_BACK_OFF)
        _change(mail, state=OutgoingMail.State.QUEUED, due_at=timezone.now() + wait)


def deliver_due_mail(*, now: datetime) -> int:
    """Enqueues what waits for another attempt, or was left behind by a worker that died. Returns how many."""
    _free_stuck_mail(now)
    overdue = OutgoingMail.objects.filter(state=OutgoingMail.State.QUEUED, due_at__lte=now).order_by("due_at")
    due = list(overdue.values_list("pk", flat=True)[:500])
    for mail_id in due:
        deliver_mail.enqueue(str(mail_id))
    return len(due)


def _free_stuck_mail(now: datetime) -> None:
    """What a dead worker left half-way is tried again, or given up when it has had its attempts."""
    stuck = OutgoingMail.objects.filter(state=OutgoingMail.State.SENDING, due_at__lte=now - STUCK_AFTER)
    for mail in stuck.filter(attempts__gte=MAX_ATTEMPTS):
        _finish(mail, state=OutgoingMail.State.FAILED)
    stuck.update(state=OutgoingMail.State.QUEUED, due_at=now)
