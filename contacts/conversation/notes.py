"""Internal notes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction

from contacts.models import Inquiry, Note
from privacy.audit.trail import record

if TYPE_CHECKING:
    from accounts.models import User


@transaction.atomic
def add_note(*, inquiry: Inquiry, body: str, actor: User) -> Note:
    note: Note = Note.objects.create(inquiry=inquiry, body=body, author=actor)
    record(action="contacts.inquiry.noted", about=inquiry, actor=actor)
    return note
