"""Bounces: after a permanent failure an address gets no more mail, until staff reactivate it.

The mail server reports the failure at delivery, or later in a notification. Anyone can forge one, so it must come to
the mail's own envelope sender (`privacy.mail.verp`), or quote its signed Message-ID; and the address that is marked is
the one we wrote to, never one that the notification names. An answer by the recipient, sooner or later, proves that the
mail arrived.
"""

from __future__ import annotations

from collections.abc import Sequence
from email.message import EmailMessage
from itertools import islice
from uuid import UUID

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import transaction
from django.utils import timezone

from privacy.audit.trail import record
from privacy.models import OutgoingMail
from privacy.models.consent import MailTally, UndeliverableAddress, count_mail
from privacy.registry.mail_kinds import kind_named
from privacy.signals import mail_returned

from .automatic import has_no_sender, is_named_mail_system
from .lenient_reading import lenient_view
from .notifications import failure_in, quoted_texts
from .threads import mail_with_id
from .verp import returned_mail

State = OutgoingMail.State
MOST_TEXTS = 100  # of a notification, in which our Message-ID is searched


@transaction.atomic
def mark_undeliverable(email: str, *, code: str) -> UndeliverableAddress:
    """Stops all mail to this address."""
    address, _ = UndeliverableAddress.objects.update_or_create(
        email_index=email,
        defaults={"code": code, "noticed_at": timezone.now()},
        create_defaults={"fingerprint": email, "code": code, "noticed_at": timezone.now()},
    )
    record(action="privacy.undeliverable.noticed", about=address, actor=None)
    return address


@transaction.atomic
def lift(*, address: UndeliverableAddress, actor: AbstractBaseUser) -> None:
    """Allows mail to this address again, at the request of staff."""
    address.delete()
    record(action="privacy.undeliverable.lifted", about=UndeliverableAddress, actor=actor)


def record_notification(message: EmailMessage, *, recipients: Sequence[str]) -> str | None:
    """Processes a notification of a mail server; None if the message isn't one, for example a person's or an automatic
    reply. `recipients` are the addresses to which it was sent.

    A subject alone, and nothing of ours in the message, make no notification of what a person may have written.

    Returns `marked` (the address gets no more mail), `passing` (a temporary failure), or `not ours` (forged, or about a
    mail that was deleted, was answered or has already come back).
    """
    view = lenient_view(message)
    returned = next(filter(None, map(returned_mail, recipients)), None)
    said = failure_in(view, returned=returned is not None)
    if said is None:
        return None
    texts = islice(quoted_texts(view), MOST_TEXTS)
    mail_id = returned or next(filter(None, map(mail_with_id, texts)), None)
    if mail_id is None:
        return "not ours" if is_named_mail_system(view) or has_no_sender(view) else None
    if not said.is_final:
        return "passing"
    return "marked" if _record_bounce(mail_id, said.code) else "not ours"


@transaction.atomic
def _record_bounce(mail_id: UUID, code: str) -> bool:
    """Marks the mail as bounced and its address as undeliverable, once."""
    came_back = OutgoingMail.objects.filter(pk=mail_id, state__in=[State.SENT, State.SENDING, State.QUEUED])
    mail = came_back.select_for_update().first()
    if mail is None or any(is_answered for _, is_answered in mail_returned.send(OutgoingMail, mail=mail)):
        return False
    came_back.update(state=State.BOUNCED, refusal=f"bounced: {code}")
    kind = kind_named(mail.kind)
    count_mail(kind=mail.kind, purpose=kind.purpose, outcome=MailTally.Outcome.BOUNCED, day=timezone.now().date())
    mark_undeliverable(mail.recipient, code=code)
    return True


@transaction.atomic
def note_answer(*, mail_id: UUID, sender: str) -> None:
    """Somebody answered this mail. If it was its recipient, it arrived, whatever a notification said: the address gets
    mail again."""
    arrived = OutgoingMail.objects.filter(pk=mail_id, recipient_index=sender, state=State.BOUNCED)
    if not arrived.update(state=State.SENT, refusal=""):
        return
    for address in UndeliverableAddress.objects.filter(email_index=sender):
        address.delete()
        record(action="privacy.undeliverable.answered", about=UndeliverableAddress, actor=None)
