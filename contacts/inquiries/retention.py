<<<<<<< HEAD
"""How long a thread is kept: two years after its sender wrote last, and longer for a client."""

from __future__ import annotations

=======
"""How long the messages of one person are kept."""

from __future__ import annotations

from collections.abc import Callable
>>>>>>> main
from datetime import datetime

from django.db import transaction

<<<<<<< HEAD
from contacts.models import Inquiry
=======
from contacts.models import IncomingMail, Inquiry
>>>>>>> main
from contacts.models.inquiry import KEPT


@transaction.atomic
<<<<<<< HEAD
def keep_thread(*, inquiry: Inquiry, written_at: datetime) -> None:
    """After the sender has written again. Never shortens."""
    until = written_at + KEPT
    if inquiry.keep_until < until:
        inquiry.keep_until = until
        Inquiry.objects.filter(pk=inquiry.pk).update(keep_until=until)
        inquiry.incoming_mails.update(keep_until=until)
=======
def keep_messages(*, email: str, until: Callable[[datetime], datetime | None]) -> None:
    """Sets how long the messages from this address are kept, with all that belongs to them.

    `until` takes the time that a message is kept anyway, and returns a later one, the same, or None: no end yet.
    """
    for inquiry in Inquiry._base_manager.select_for_update().filter(email_index=email).order_by("pk"):
        keep_until = until(inquiry.received_at + KEPT)
        if keep_until != inquiry.keep_until:
            Inquiry._base_manager.filter(pk=inquiry.pk).update(keep_until=keep_until)
            IncomingMail._base_manager.filter(inquiry=inquiry).update(keep_until=keep_until)
>>>>>>> main
