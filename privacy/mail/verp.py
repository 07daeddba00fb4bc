"""An envelope sender of its own for each mail (VERP), so that whatever comes back there is about that mail, whatever
format it has. Mail servers return mail to the envelope sender (RFC 5321, section 4.4), which its reader doesn't answer.
"""

from __future__ import annotations

from uuid import UUID

from django.conf import settings

from privacy.models import OutgoingMail

from .signed_ids import ids_in, is_signed, signed_id

_USE = "bounce"


def bounce_address(mail: OutgoingMail) -> str:
    """The mail's envelope sender; empty without MAIL_BOUNCE_DOMAIN."""
    if not settings.MAIL_BOUNCE_DOMAIN:
        return ""
    return f"{signed_id(mail.pk.bytes, use=_USE)}@{settings.MAIL_BOUNCE_DOMAIN}"


def returned_mail(recipient: str) -> UUID | None:
    """The primary key of the mail with this envelope sender; None if it isn't one of ours."""
    for content, signature in ids_in(recipient):
        if is_signed(content, signature, use=_USE):
            return UUID(bytes=content)
    return None
