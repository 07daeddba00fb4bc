"""Bounces: after a permanent failure an address gets no more mail, until staff reactivate it.

The mail server reports the failure at delivery, or later in a delivery status notification (RFC 3464). Anyone can forge
a notification, so it must quote the Message-ID of our mail, which contains a signature; and the address that is marked
is the one we wrote to, never one that the notification names.
"""

from __future__ import annotations

import hmac
import re
from dataclasses import dataclass
from email.message import Message
from uuid import UUID

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import transaction
from django.utils import timezone

from privacy.audit.trail import record
from privacy.encryption.keys import RootKey, derive_key, key_ring
from privacy.models import OutgoingMail
from privacy.models.consent import MailTally, UndeliverableAddress, count_mail
from privacy.registry.mail_kinds import kind_named

State = OutgoingMail.State
_ENHANCED = re.compile(r"\b([245])\.(\d{1,3})\.(\d{1,3})\b")  # RFC 3463
_OURS = re.compile(r"<([0-9a-f]{32})\.([0-9a-f]{32})@")
_FULL, _POLICY = "2.2", "7."  # mailbox full; message or sender rejected by policy: not the address's fault


@dataclass(frozen=True)
class SmtpReply:
    """A mail server's reply. `code` contains its numbers only, because its text may name people."""

    code: str
    is_final: bool


def verdict(code: int, text: str) -> SmtpReply:
    """Classifies the reply to a recipient. A 5xx is permanent, except for a full mailbox and policy rejections."""
    enhanced = _ENHANCED.search(text)
    subject = f"{enhanced[2]}.{enhanced[3]}" if enhanced else ""
    passing = subject == _FULL or subject.startswith(_POLICY) or (code == 552 and not enhanced)
    return SmtpReply(f"{code} {enhanced[0]}" if enhanced else str(code), 500 <= code < 600 and not passing)


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


# --- Message-IDs ------------------------------------------------------------------------------------------------------


def message_id(mail: OutgoingMail, *, domain: str) -> str:
    """The same on every attempt, so that mail programs drop duplicates; signed, so that it can't be forged."""
    return f"<{mail.pk.hex}.{_signature(mail.pk, key_ring().primary)}@{domain}>"


def mail_with_id(text: str) -> UUID | None:
    """The primary key of our mail with this Message-ID; None if it isn't ours."""
    found = _OURS.search(text)
    if not found:
        return None
    mail_id = UUID(found[1])
    signed = any(hmac.compare_digest(_signature(mail_id, root), found[2]) for root in key_ring().keys)
    return mail_id if signed else None


def _signature(mail_id: UUID, root: RootKey) -> str:
    return hmac.digest(derive_key(root, "message-id"), mail_id.bytes, "sha256").hex()[:32]


# --- Notifications ----------------------------------------------------------------------------------------------------


def record_notification(message: Message) -> str:
    """Processes one message from the bounce mailbox. Returns `marked`, `passing` (temporary failure), or `not ours`
    (not a notification, forged, or about a mail that was deleted)."""
    said, mail_id = _status_of(message), _original_of(message)
    if said is None or mail_id is None:
        return "not ours"
    if not said.is_final:
        return "passing"
    return "marked" if _record_bounce(mail_id, said.code) else "not ours"


@transaction.atomic
def _record_bounce(mail_id: UUID, code: str) -> bool:
    """Marks the mail as bounced and its address as undeliverable, once."""
    came_back = OutgoingMail.objects.filter(pk=mail_id, state__in=[State.SENT, State.SENDING, State.QUEUED])
    mail = came_back.select_for_update().first()
    if mail is None:
        return False
    came_back.update(state=State.BOUNCED, refusal=f"bounced: {code}")
    kind = kind_named(mail.kind)
    count_mail(kind=mail.kind, purpose=kind.purpose, outcome=MailTally.Outcome.BOUNCED, day=timezone.now().date())
    mark_undeliverable(mail.recipient, code=code)
    return True


def _status_of(message: Message) -> SmtpReply | None:
    """The first recipient's status; None if the message is no failure notification."""
    for part in message.walk():
        if part.get_content_type() == "message/delivery-status":
            for fields in part.get_payload():
                if isinstance(fields, Message) and str(fields.get("Action", "")).strip().lower() == "failed":
                    return _classify_status(str(fields.get("Status", "")), str(fields.get("Diagnostic-Code", "")))
    return None


def _classify_status(status: str, diagnostic: str) -> SmtpReply:
    """Classifies a failed delivery by its status (5.x.x is permanent)."""
    enhanced = _ENHANCED.search(status) or _ENHANCED.search(diagnostic)
    if enhanced is None or enhanced[1] != "5":
        return SmtpReply("", is_final=False)
    return verdict(550, enhanced[0])


def _original_of(message: Message) -> UUID | None:
    """Our mail that the notification quotes, in full or by its headers."""
    for part in message.walk():
        if part.get_content_type() == "text/rfc822-headers":
            return mail_with_id(_message_id_in(str(part.get_payload())))
        if part.get_content_type() == "message/rfc822" and (quoted := part.get_payload()):
            return mail_with_id(str(quoted[0].get("Message-ID", "")))  # type: ignore[index,union-attr]
    return None


def _message_id_in(headers: str) -> str:
    found = re.search(r"^Message-ID:\s*(\S+)", headers, re.IGNORECASE | re.MULTILINE)
    return found[1] if found else ""
