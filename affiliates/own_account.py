"""Staff who are affiliates may not decide about their own money if a colleague can."""

from __future__ import annotations

from typing import TYPE_CHECKING

from privacy.admin_base.four_eyes import acts_alone
from privacy.audit.trail import record

from .models import Affiliate

if TYPE_CHECKING:
    from accounts.models import User


def leave_to_a_colleague(affiliate: Affiliate, *, actor: User | None, permission: str) -> None:
    """Raises `ActionRefused` if this is the member of staff's own account and somebody else may decide.

    If nobody else may, the step goes on and is recorded. Call it in the step's transaction, after taking its locks.
    """
    is_own = actor is not None and affiliate.user_id == actor.pk
    refusal = "This is your own account. A colleague has to decide."
    if actor is not None and acts_alone(actor, is_own=is_own, permission=permission, refusal=refusal):
        record(action="affiliates.account.decided_alone", about=affiliate, actor=actor)
