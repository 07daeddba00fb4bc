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
        _keep(inquiry, until(inquiry.last_written_at + KEPT))


@transaction.atomic
def keep_thread(*, inquiry: Inquiry, written_at: datetime) -> None:
    """Its sender has written again. Never shortens."""
    until = written_at + KEPT
    if inquiry.keep_until is not None and inquiry.keep_until < until:
        _keep(inquiry, until)


def _keep(inquiry: Inquiry, until: datetime | None) -> None:
    if until != inquiry.keep_until:
        inquiry.keep_until = until
        Inquiry._base_manager.filter(pk=inquiry.pk).update(keep_until=until)
        IncomingMail._base_manager.filter(inquiry=inquiry).update(keep_until=until)
