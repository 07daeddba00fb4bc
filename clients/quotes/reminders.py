"""Reminders of quotes that wait for an answer: a few at most, and none to anybody who stopped them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q

from clients.mails import QUOTE_REMINDER
from clients.models import Quote
from privacy.mail.sending import notify
from privacy.registry.policy_gate import purpose_is_open
from privacy.registry.purposes import Purpose

AT_ONCE = 200  # mails in one run of housekeeping


def remind_of_quotes(*, now: datetime) -> int:
    """Mails the clients of open quotes whose turn it is: `QUOTE_REMINDER_DAYS` after the quote or the last reminder, at
    most `QUOTE_REMINDERS` times. Returns how many mails were queued."""
    if not purpose_is_open(Purpose.QUOTE_REMINDERS):
        return 0
    return sum(_remind(quote, now) for quote in _due(now)[:AT_ONCE])


def _due(now: datetime) -> Any:
    before = now - timedelta(days=settings.QUOTE_REMINDER_DAYS)
    waited = Q(reminded_at__lte=before) | Q(reminded_at=None, sent_at__lte=before)
    mailed = Quote.objects.open(now).filter(email_index__isnull=False)
    return mailed.filter(waited, reminders__lt=settings.QUOTE_REMINDERS).order_by("sent_at")


@transaction.atomic
def _remind(quote: Quote, now: datetime) -> bool:
    """Queues one mail, in the transaction that counts it. A refused one counts too: the next isn't due before long."""
    if (
        not _due(now)
        .filter(pk=quote.pk, reminders=quote.reminders)
        .update(reminders=F("reminders") + 1, reminded_at=now)
    ):
        return False
    return notify(QUOTE_REMINDER, to=quote.email, about=quote)
