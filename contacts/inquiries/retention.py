"""How long the messages of one person are kept."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from django.db import transaction

from contacts.models import IncomingMail, Inquiry
from contacts.models.inquiry import KEPT


@transaction.atomic
def keep_messages(*, email: str, until: Callable[[datetime], datetime | None]) -> None:
    """Sets how long the messages from this address are kept, with all that belongs to them.

    `until` takes the time that a message is kept anyway, and returns a later one, the same, or None: no end yet.
    """
    for inquiry in Inquiry._base_manager.select_for_update().filter(email_index=email).order_by("pk"):
        keep_until = until(inquiry.received_at + KEPT)
        if keep_until != inquiry.keep_until:
            Inquiry._base_manager.filter(pk=inquiry.pk).update(keep_until=keep_until)
            IncomingMail._base_manager.filter(inquiry=inquiry).update(keep_until=keep_until)
