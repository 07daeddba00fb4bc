"""The order in which messages are worked on."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from django.db.models import F, Q

from contacts.models import Inquiry

if TYPE_CHECKING:
    from accounts.models import User


def next_to_do(*, after: Inquiry, user: User, now: datetime) -> Inquiry | None:
    """The next waiting message by due date that is this colleague's or nobody's; after the last one, the first."""
    mine = Inquiry.objects.to_do(now).filter(Q(assigned_to=user) | Q(assigned_to=None)).exclude(pk=after.pk)
    in_order = mine.order_by(F("due_at").asc(nulls_last=True), "pk")
    later = Q(due_at=after.due_at, pk__gt=after.pk)
    if after.due_at is not None:
        later |= Q(due_at__gt=after.due_at) | Q(due_at=None)
    found: Inquiry | None = in_order.filter(later).first() or in_order.first()
    return found
