"""The mail gate: whether a mail may be sent. Checked when it is queued, and again at delivery."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.db import models

from privacy.consent.contact_permission import Contact, ContactRefused, permission_for
from privacy.encryption.email_addresses import validate_address
from privacy.encryption.normalization import envelope_address
from privacy.models.consent import Person
from privacy.registry.mail_kinds import MailKind
from privacy.registry.purposes import Channel, Refusal


class MailRefused(ContactRefused):
    """The gate refused the mail. The text says why, without naming the person."""

    @property
    def message(self) -> str:
        return f"Not sent: {str(self).rstrip('.')}."


def require_mail_allowed(kind: MailKind, *, about: models.Model | None, to: str) -> None:
    """Raises `MailRefused` unless the mail's reason still holds and the person may be emailed for its purpose."""
    if about is None or about._meta.label != kind.about:
        raise MailRefused(Refusal.REASON_GONE, "what this message was about has been deleted")
    if not kind.live(about):
        raise MailRefused(Refusal.REASON_CLOSED)
    permission = permission_for(
        Contact(
            channel=Channel.EMAIL,
            purpose=kind.purpose,
            person=Person(email=to),
            about=about,
            given_at=kind.began(about) if kind.began else None,
            despite_opt_out=kind.despite_opt_out,
        )
    )
    if permission.refusal is not None:
        raise MailRefused(permission.refusal, permission.reason)


def deliverable_address(address: str) -> str:
    """The address for the mail server, with the domain in ASCII. Raises `MailRefused`."""
    try:
        validate_address(address.strip())
    except ValidationError:
        raise MailRefused(Refusal.UNREADABLE, "this is not a valid email address") from None
    return envelope_address(address)
