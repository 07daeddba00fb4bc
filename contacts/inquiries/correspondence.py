"""Logging calls, letters and emails."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from django.db import transaction

from contacts.documents.attachments import add_attachments
from contacts.models import Correspondence
from privacy.audit.trail import record

from .contact_permission import require_permission
from .workflow import mark_answered, reopen

if TYPE_CHECKING:
    from accounts.models import User
    from contacts.documents.file_validation import SniffedFile

Way = Correspondence.Way
_SUBJECTS = {
    Way.MAIL_IN: "mail",
    Way.CALL_IN: "call",
    Way.CALL_OUT: "call",
    Way.LETTER_IN: "letter",
    Way.LETTER_OUT: "letter",
}


@transaction.atomic
def log_correspondence(
    *, entry: Correspondence, actor: User, answers: bool = False, files: Sequence[SniffedFile] = ()
) -> Correspondence:
    """Stores the unsaved entry with its scans. An incoming one reopens its message, unless `answers` is set.

    Raises `ContactRefused`, and stores nothing, for an outgoing call or letter that the person did not permit.
    """
    require_permission(entry)
    entry.author = actor
    entry.save()
    add_attachments(inquiry=entry.inquiry, files=files, correspondence=entry)
    if answers:
        mark_answered(inquiry=entry.inquiry)
    elif entry.is_incoming:
        reopen(inquiry=entry.inquiry)
    record(action=f"contacts.{_SUBJECTS[Way(entry.way)]}.logged", about=entry, actor=actor)
    return entry
