"""What staff can find among the accounts."""

from __future__ import annotations

from privacy.admin_base.search.row_kinds import Shown, row_kind
from privacy.registry.purposes import Purpose

from .models import User

row_kind(
    model=User,
    purpose=Purpose.STAFF_ACCOUNT,
    one="account",
    many="accounts",
    position=55,
    show=lambda user: Shown(
        number="Account of staff" if user.is_staff else "Account",
        at=user.joined_at,
        name=user.name or user.email or "",
        state="active" if user.is_active else "inactive",
    ),
    at="joined_at",
    emails=("email_index",),
    words=("name", "email"),
    for_person=True,
    names_person=True,
)
