"""Members of staff who are affiliates: nobody decides about their own money where a colleague can."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib.auth import get_user_model

from privacy.audit.trail import record

from .models import Affiliate

if TYPE_CHECKING:
    from accounts.models import User


def leave_to_a_colleague(affiliate: Affiliate, *, by: User | None, permission: str, refusal: type[Exception]) -> None:
    """Raises `refusal` where this is the member of staff's own account and somebody else may decide.

    Where nobody else may, it goes on, and is recorded. Called in the step's transaction, behind its locks.
    """
    if by is None or affiliate.user_id != by.pk:
        return
    if others_who_may(by, permission):
        raise refusal("This is about your own account: a colleague has to decide.")
    record(action="affiliates.account.decided_alone", about=affiliate, actor=by)


def others_who_may(user: User, permission: str) -> bool:
    """Whether a second member of staff could do this."""
    staff = get_user_model()._default_manager.filter(is_active=True, is_staff=True).exclude(pk=user.pk)
    return any(other.has_perm(permission) for other in staff)
