"""Mail that comes back: what a mail server says of an address for good ends all mail there, until staff lift it.

It says so at delivery, or later in a message of its own (a delivery status notification, RFC 3464). Such a message
anybody can forge; ours is known by the Message-ID, whose signature only this site can make, and the address that is
marked is the one we wrote to, never one that the message names.
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
_FULL, _POLICY = "2.2", "7."  # the mailbox is full; the server dislikes the message or us. Neither is the address


@dataclass(frozen=True)
class Verdict:
    """What a server said: `code` holds its numbers alone, because its words name people."""

    code: str
    is_final: bool


def verdict(code: int, text: str) -> Verdict:
    """Of an answer to a recipient. A 5xx is final, but for a full mailbox and for rules about what is sent."""
    enhanced = _ENHANCED.search(text)
    subject = f"{enhanced[2]}.{enhanced[3]}" if enhanced else ""
    passing = subject == _FULL or subject.startswith(_POLICY) or (code == 552 and not enhanced)
    return Verdict(f"{code} {enhanced[0]}" if enhanced else str(code), 500 <= code < 600 and not passing)


@transaction.atomic
def mark_undeliverable(email: str, *, code: str) -> UndeliverableAddress:
    """No mail goes to this address any more."""
    address, _ = UndeliverableAddress.objects.update_or_create(
        email_index=email,
        defaults={"code": code, "noticed_at": timezone.now()},
        create_defaults={"fingerprint": email, "code": code, "noticed_at": timezone.now()},
    )
    record(action="privacy.undeliverable.noticed", about=address, actor=None)
    return address


@transaction.atomic
def lift(*, address: UndeliverableAddress, actor: AbstractBaseUser) -> None:
    """Staff know that the address works again."""
    address.delete()
    record(action="privacy.undeliverable.lifted", about=UndeliverableAddress, actor=actor)


# --- The name under which our mail comes back -------------------------------------------------------------------------


def message_id(mail: OutgoingMail, *, domain: str) -> str:
    """The same on every attempt, so that mail programs drop a double; signed, so that only we can make one."""
    return f"<{mail.pk.hex}.{_signature(mail.pk, key_ring().primary)}@{domain}>"


def mail_with_id(text: str) -> UUID | None:
    """The id of our mail that a Message-ID names; None for one that is not ours."""
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
    """What became of one message from the mailbox for bounces: `marked`, `passing` (tried again by its server), or
    `not ours` (no notification, forged, or of a mail that is forgotten)."""
    said, mail_id = _status_of(message), _original_of(message)
    if said is None or mail_id is None:
        return "not ours"
    if not said.is_final:
        return "passing"
    return "marked" if _came_back(mail_id, said.code) else "not ours"


@transaction.atomic
def _came_back(mail_id: UUID, code: str) -> bool:
    """Marks the mail and its address, once."""
    came_back = OutgoingMail.objects.filter(pk=mail_id, state__in=[State.SENT, State.SENDING, State.QUEUED])
    mail = came_back.select_for_update().first()
    if mail is None:
        return False
    came_back.update(state=State.BOUNCED, refusal=f"came back: {code}")
    kind = kind_named(mail.kind)
    count_mail(kind=mail.kind, purpose=kind.purpose, outcome=MailTally.Outcome.BOUNCED, day=timezone.now().date())
    mark_undeliverable(mail.recipient, code=code)
    return True


def _status_of(message: Message) -> Verdict | None:
    """The first recipient's status; None where the message is no notification of a failure."""
    for part in message.walk():
        if part.get_content_type() == "message/delivery-status":
            for fields in part.get_payload():
                if isinstance(fields, Message) and str(fields.get("Action", "")).strip().lower() == "failed":
                    return _verdict_in(str(fields.get("Status", "")), str(fields.get("Diagnostic-Code", "")))
    return None


def _verdict_in(status: str, diagnostic: str) -> Verdict:
    """A failed delivery is final by its status (5.x.x)."""
    enhanced = _ENHANCED.search(status) or _ENHANCED.search(diagnostic)
    if enhanced is None or enhanced[1] != "5":
        return Verdict("", is_final=False)
    return verdict(550, enhanced[0])


def _original_of(message: Message) -> UUID | None:
    """The mail of ours that is quoted in the notification, whole or by its headers."""
    for part in message.walk():
        if part.get_content_type() == "text/rfc822-headers":
            return mail_with_id(_message_id_in(str(part.get_payload())))
        if part.get_content_type() == "message/rfc822" and (quoted := part.get_payload()):
            return mail_with_id(str(quoted[0].get("Message-ID", "")))  # type: ignore[index,union-attr]
    return None


def _message_id_in(headers: str) -> str:
    found = re.search(r"^Message-ID:\s*(\S+)", headers, re.IGNORECASE | re.MULTILINE)
    return found[1] if found else ""
