"""Threads: the headers by which mail programs show a conversation as one, and by which we find what an answer is about.

Each mail names its reason (an inquiry, an order, a request) in three places, signed: in its Message-ID, in the first
entry of its References, which is the same for all mails about one reason, and, with MAIL_REPLY_ADDRESS, in its
Reply-To. Some providers replace the Message-ID, and some mail programs drop References or change the address: one of
them comes back. Nothing is looked up, so old mails can be answered after their row is deleted.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from email.utils import formataddr
from uuid import UUID

from django.conf import settings

from privacy.models import OutgoingMail
from privacy.registry.mail_kinds import all_kinds

from .signed_ids import ids_in, is_signed, signed_id
from .verp import returned_mail

MOST_ANSWERED = 50  # Message-IDs of an answer that are read
_MAIL, _THREAD = "message-id", "thread"
_UUID_BYTES = 16


@dataclass(frozen=True)
class Reason:
    """The row that a mail of ours was about, and the mail, if it is known. Neither has to exist anymore."""

    model_label: str
    pk: UUID
    mail_id: UUID | None


def message_id(mail: OutgoingMail) -> str:
    """The same on every attempt, so that mail programs drop duplicates."""
    content = mail.pk.bytes + mail.about_id.bytes
    return f"<{signed_id(content, use=_MAIL, covered=[mail.about_model])}@{_domain()}>"


def thread_id(mail: OutgoingMail) -> str:
    """A Message-ID that no mail has, for References: the same for all mails about one row."""
    return f"<{_thread(mail.about_model, mail.about_id)}@{_domain()}>"


def references(answered: Sequence[str], mail: OutgoingMail) -> str:
    """References of a mail that answers these messages, oldest first (RFC 5322, section 3.6.4)."""
    return " ".join([thread_id(mail), *answered[-MOST_ANSWERED:]])


def reply_address(mail: OutgoingMail) -> str:
    """Reply-To: a subaddress of MAIL_REPLY_ADDRESS (RFC 5233), or an address of its domain. Empty if it isn't set."""
    if not settings.MAIL_REPLY_ADDRESS:
        return ""
    address = subaddress(_thread(mail.about_model, mail.about_id))
    return formataddr((settings.BUSINESS["name"], address))


def subaddress(detail: str) -> str:
    """`info+DETAIL@example.com`, or `DETAIL@reply.example.com` if the setting has nothing before the @."""
    local, _, domain = settings.MAIL_REPLY_ADDRESS.rpartition("@")
    return f"{local}+{detail}@{domain}" if local else f"{detail}@{domain}"


def reason_answered(*, message_ids: Sequence[str], recipients: Sequence[str]) -> Reason | None:
    """What a received message answers: the first of its Message-IDs that is ours decides, then the address it was sent
    to. None if nothing is ours.

    Whoever has seen a mail of ours can quote its ids, so they prove nothing about the sender.
    """
    for text in (*message_ids[:MOST_ANSWERED], *recipients):
        for reason in reasons_in(text):
            return reason
    returned = next(filter(None, map(returned_mail, recipients)), None)
    mail = OutgoingMail.objects.filter(pk=returned).first() if returned else None
    return Reason(mail.about_model, mail.about_id, mail.pk) if mail else None


def reasons_in(text: str) -> Iterator[Reason]:
    """Every reason whose signed id is in the text."""
    for content, signature in ids_in(text):
        for label in _labels():
            if is_signed(content, signature, use=_MAIL, covered=[label]):
                yield Reason(label, UUID(bytes=content[_UUID_BYTES:]), UUID(bytes=content[:_UUID_BYTES]))
            elif is_signed(content, signature, use=_THREAD, covered=[label]):
                yield Reason(label, UUID(bytes=content), None)


def mail_with_id(text: str) -> UUID | None:
    """The primary key of the mail of ours whose Message-ID is in the text; None if there is none."""
    return next((reason.mail_id for reason in reasons_in(text) if reason.mail_id), None)


def _thread(model_label: str, pk: UUID) -> str:
    return signed_id(pk.bytes, use=_THREAD, covered=[model_label])


def _labels() -> set[str]:
    return {kind.about for kind in all_kinds()}


def _domain() -> str:
    return str(settings.BUSINESS["email"].rpartition("@")[2])
