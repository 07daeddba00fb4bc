"""Drafts of answers: one for each message and colleague, sealed like the answers themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils import timezone

from contacts.models import Draft, Inquiry, Reply

if TYPE_CHECKING:
    from accounts.models import User


def draft_of(*, inquiry: Inquiry, author: User) -> Draft | None:
    found: Draft | None = Draft.objects.filter(inquiry=inquiry, author=author).first()
    return found


def save_draft(*, inquiry: Inquiry, author: User, body: str) -> None:
    """Replaces the colleague's draft. A text that this colleague has just sent is no draft: a browser's late autosave
    must not bring it back."""
    last = Reply.objects.filter(inquiry=inquiry, author=author).order_by("-sent_at").first()
    if last is not None and last.body == body:
        return
    draft = Draft(inquiry=inquiry, author=author, body=body, saved_at=timezone.now())
    drop_draft(inquiry=inquiry, author=author)
    Draft.objects.bulk_create([draft], ignore_conflicts=True)  # of two windows that save at once, one counts


def drop_draft(*, inquiry: Inquiry, author: User) -> None:
    Draft.objects.filter(inquiry=inquiry, author=author).delete()
