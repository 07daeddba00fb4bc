"""Staff who are affiliates may not decide about their own money if a colleague can."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib.auth import get_user_model

from privacy.audit.trail import record

from .models import Affiliate

if TYPE_CHECKING:
    from accounts.models import User


def leave_to_a_colleague(affiliate: Affiliate, *, by: User | None, permission: str, refusal: type[Exception]) -> None:
    """Raises `refusal` if this is the member of staff's own account and somebody else may decide.

    If nobody else may, the step goes on and is recorded. Call it in the step's transaction, after taking its locks.
    """
    if by is None or affiliate.user_id != by.pk:
        return
    if others_who_may(by, permission):
        raise refusal("This is your own account. A colleague has to decide.")
    record(action="affiliates.account.decided_alone", about=affiliate, actor=by)


def others_who_may(user: User, permission: str) -> bool:
    """Whether another member of staff has this permission."""
    staff = get_user_model()._default_manager.filter(is_active=True, is_staff=True).exclude(pk=user.pk)
    return any(other.has_perm(permission) for other in staff)
