"""Receiving and answering inquiries: stored first, sealed; mail goes in the same transaction's wake or not at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from privacy.mail import queue_mail

from .mails import INQUIRY_ANSWERED, INQUIRY_RECEIVED, INQUIRY_WAITS
from .models import Inquiry, Reply

if TYPE_CHECKING:
    from accounts.models import User


@transaction.atomic
def receive_inquiry(*, inquiry: Inquiry) -> Inquiry:
    """Stores the inquiry, confirms it to the sender, and tells staff that something waits."""
    inquiry.save()
    queue_mail(INQUIRY_RECEIVED, to=inquiry.email, about=inquiry, context={})
    queue_mail(INQUIRY_WAITS, to=settings.BUSINESS["email"], about=inquiry, context={})
    return inquiry


@transaction.atomic
def answer_inquiry(*, inquiry: Inquiry, body: str, author: User) -> Reply:
    """Stores the answer and mails it. Raises `privacy.mail.MailRefused`, and then stores nothing."""
    reply = Reply.objects.create(inquiry=inquiry, body=body, author=author)
    queue_mail(INQUIRY_ANSWERED, to=inquiry.email, about=inquiry, context={"reply": reply})
    Inquiry.objects.filter(pk=inquiry.pk).update(state=Inquiry.State.ANSWERED, answered_at=timezone.now())
    return reply
