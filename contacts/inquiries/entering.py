"""Entering what reached us by telephone, letter or an email that this site didn't get itself.

From then on it is a message like any other. Its contact points may be used for its purpose, because the person gave
them for it (`contact_permission`), and every clock starts when it was received, not when it is entered.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone

from contacts.documents.attachments import add_attachments
from contacts.models import Inquiry
from privacy.audit.trail import record
from privacy.models import PrivacyRequest
from privacy.requests import record_request

from .workflow import answer_due

if TYPE_CHECKING:
    from accounts.models import User
    from contacts.documents.file_validation import SniffedFile


@transaction.atomic
def enter_inquiry(*, inquiry: Inquiry, actor: User, files: Sequence[SniffedFile] = ()) -> Inquiry:
    """Stores the unsaved message with its scans. A complaint about privacy also starts its legal deadline.

    Nobody is mailed: the person talked to us, and a mistyped address would be somebody else's.
    """
    inquiry.entered_by, inquiry.state = actor, Inquiry.State.OPEN
    inquiry.due_at = answer_due(inquiry.received_at)
    if inquiry.kind == Inquiry.Kind.COMPLAINT:
        inquiry.privacy_request = _complain(inquiry, actor)
    inquiry.save()
    add_attachments(inquiry=inquiry, files=files)
    record(action="contacts.inquiry.entered", about=inquiry, actor=actor)
    return inquiry


def _complain(inquiry: Inquiry, actor: User) -> PrivacyRequest:
    """Not acknowledged yet: staff do that by the channel that the person can be reached by."""
    contact = "\n".join(filter(None, [inquiry.name, inquiry.phone, inquiry.address]))
    request = PrivacyRequest(
        kind=PrivacyRequest.Kind.COMPLAINT,
        channel=PrivacyRequest.Way(inquiry.channel),
        email=inquiry.email,
        contact=None if inquiry.email else contact,
        details=inquiry.message,
        identity=PrivacyRequest.Identity.NOT_NEEDED,
        received_at=inquiry.received_at,
    )
    return record_request(request=request, now=timezone.now(), actor=actor)
