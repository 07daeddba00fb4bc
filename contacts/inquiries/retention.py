"""How long a thread is kept: two years after its sender wrote last, and longer for a client."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from contacts.models import Inquiry
from contacts.models.inquiry import KEPT


@transaction.atomic
def keep_thread(*, inquiry: Inquiry, written_at: datetime) -> None:
    """After the sender has written again. Never shortens."""
    until = written_at + KEPT
    if inquiry.keep_until < until:
        inquiry.keep_until = until
        Inquiry.objects.filter(pk=inquiry.pk).update(keep_until=until)
        inquiry.incoming_mails.update(keep_until=until)
