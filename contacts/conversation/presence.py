"""Who is answering a message: who opened its answer box, or saved a draft, within the last minutes."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from contacts.models import Inquiry, Presence

if TYPE_CHECKING:
    from accounts.models import User


def note_presence(*, inquiry: Inquiry, user: User, now: datetime) -> None:
    Presence.objects.bulk_create(
        [Presence(inquiry=inquiry, user=user, seen_at=now)],
        update_conflicts=True,
        unique_fields=["inquiry", "user"],
        update_fields=["seen_at"],
    )


def others_present(*, inquiry: Inquiry, user: User, now: datetime) -> list[Presence]:
    present = Presence.objects.now(now).filter(inquiry=inquiry).exclude(user=user)
    return list(present.select_related("user").order_by("-seen_at"))


def leave(*, inquiry: Inquiry, user: User) -> None:
    Presence.objects.filter(inquiry=inquiry, user=user).delete()
