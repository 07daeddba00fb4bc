"""Documents for a person: added by staff, sealed, downloaded through an expiring link.

The link is mailed, not the file: a link can be revoked, an attachment in a mailbox can't.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.db import transaction

from contacts.mails import DOCUMENT_SENT
from contacts.models import Document, Inquiry
from privacy.audit.trail import record
from privacy.encryption.tokens import generate_token, hash_token
from privacy.mail.sending import queue_mail

from .file_validation import SniffedFile

if TYPE_CHECKING:
    from accounts.models import User

LINK_LIFE = timedelta(days=30)


@transaction.atomic
def add_document(*, inquiry: Inquiry, file: SniffedFile, actor: User) -> Document:
    document = Document(inquiry=inquiry, author=actor, name=file.name, content=file.content)
    document.content_type, document.size = file.content_type, len(file.content)
    document.save()
    record(action="contacts.document.added", about=document, actor=actor)
    return document


@transaction.atomic
def send_document(*, document: Document, now: datetime, actor: User) -> None:
    """Mails a new link and revokes the earlier one. Raises `MailRefused`, and then changes nothing."""
    token = generate_token()
    document.link_digest, document.link_expires_at, document.sent_at = hash_token(token), now + LINK_LIFE, now
    document.save(update_fields=["link_digest", "link_expires_at", "sent_at"])
    queue_mail(DOCUMENT_SENT, to=document.inquiry.email, about=document, context={"token": token})
    record(action="contacts.document.sent", about=document, actor=actor)


def document_behind(token: str, *, now: datetime) -> Document | None:
    """The document behind this link; None if the link is unknown, replaced or expired."""
    found: Document | None = Document.objects.filter(link_digest=hash_token(token), link_expires_at__gt=now).first()
    return found


@transaction.atomic
def fetch_document(*, document: Document, now: datetime, actor: User | None) -> bytes:
    """The file's bytes, for the holder of the link (`actor` is None) or for staff. Every download is audited."""
    if actor is None:
        Document.objects.filter(pk=document.pk, fetched_at=None).update(fetched_at=now)
    content: bytes = document.content
    record(action="contacts.document.fetched", about=document, actor=actor)
    return content
