"""Receivers of signals from `privacy`."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.dispatch import receiver

from privacy.models import OutgoingMail, PrivacyRequest
from privacy.signals import database_restored, mail_returned, request_closed

from .inquiries.workflow import mark_answered
from .models import Document, IncomingMail, Inquiry


@receiver(request_closed)
def answer_its_message(*, request: PrivacyRequest, **kwargs: Any) -> None:
    """Answering a complaint's privacy request also answers its message in the inbox."""
    for inquiry in Inquiry.objects.filter(privacy_request=request):
        mark_answered(inquiry=inquiry)


@receiver(mail_returned)
def has_been_answered(*, mail: OutgoingMail, **news: Any) -> bool:
    """By the person to whom it went; a program answers in anybody's name."""
    answers = IncomingMail._base_manager.filter(answers=mail.pk, is_automatic=False)
    return answers.filter(sender_index=mail.recipient).exists()


@receiver(database_restored)
def end_links_to_documents(*, now: datetime, **news: Any) -> str:
    """A link may have been revoked since the backup. Staff send a new one on request."""
    ended = Document._base_manager.filter(link_expires_at__gt=now).update(link_expires_at=now)
    return f"Document links revoked: {ended}."
