"""Flags hold a commission until a member of staff decides. Each step is recorded in the audit log.

Each step locks the commission first, so that nobody approves it at the same time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.utils import timezone

from affiliates.models import Attribution, Commission, Flag
from affiliates.own_account import leave_to_a_colleague
from privacy.admin_base.refusals import ActionRefused
from privacy.audit.trail import record
from privacy.erasure.erased_rows import refuse_text_about_erased

from .lifecycle import DECIDE, reject_commission

if TYPE_CHECKING:
    from accounts.models import User

State = Flag.State


@transaction.atomic
def raise_flag(
    *, attribution: Attribution, kind: str, dispute_id: str = "", reason: str = "", actor: User | None = None
) -> Flag:
    """Holds the commission of an order, even before it is earned. `reason` is the staff's note on why they hold it.

    Raising the same flag again changes nothing, even after a decision. Only staff may hold again.
    """
    commission = _lock_commission(attribution)
    before = Flag.objects.open() if kind == Flag.Kind.BY_STAFF else Flag.objects.all()
    flag, created = before.get_or_create(
        attribution=attribution, kind=kind, dispute_id=dispute_id, defaults={"reason": reason.strip()[:300] or None}
    )
    if created:
        record(action="affiliates.commission.held", about=commission or attribution, actor=actor)
    return flag


@transaction.atomic
def clear_flag(*, flag: Flag, reason: str | None, actor: User | None) -> bool:
    """Releases the commission. False if the flag was already decided.

    `reason` is None only for a dispute's flag, which PayPal has decided.
    """
    commission = _lock_commission(flag.attribution)
    _require_colleague(flag, actor)
    if not _save_decision(flag, State.CLEARED, reason, actor):
        return False
    record(action="affiliates.commission.cleared", about=commission or flag.attribution, actor=actor)
    return True


@transaction.atomic
def confirm_flag(*, flag: Flag, reason: str, actor: User | None) -> bool:
    """Rejects the commission, now or as soon as it would be earned.

    False if the flag was already decided. Raises `ActionRefused` for a commission that is already approved.
    """
    commission = _lock_commission(flag.attribution)
    _require_colleague(flag, actor)
    if commission and commission.approved_at:
        raise ActionRefused("This commission was approved before. Take it back by an adjustment, then clear the flag.")
    if not _save_decision(flag, State.CONFIRMED, reason, actor):
        return False
    if commission:
        reject_commission(commission=commission, reason=reason, actor=actor)
    else:
        record(action="affiliates.attribution.rejected", about=flag.attribution, actor=actor)
    return True


@transaction.atomic
def decide_order(*, attribution: Attribution, confirm: bool, reason: str, actor: User | None) -> int:
    """One decision for all open flags of an order: `confirm` rejects its commission, otherwise it is released. Returns
    how many flags were open. Raises `ActionRefused`."""
    decide = confirm_flag if confirm else clear_flag
    return sum(decide(flag=flag, reason=reason, actor=actor) for flag in attribution.flags.open())


@transaction.atomic
def reject_with_flags(*, commission: Commission, reason: str, actor: User | None) -> bool:
    """Rejects a pending commission and confirms the open flags of its order. False if it is no longer pending. Raises
    `ActionRefused`."""
    confirmed = decide_order(attribution=commission.attribution, confirm=True, reason=reason, actor=actor)
    return bool(confirmed) or reject_commission(commission=commission, reason=reason, actor=actor)


@transaction.atomic
def hold_commission(*, commission: Commission, reason: str, actor: User) -> Flag:
    """Staff hold a commission, with a reason for their colleagues. Raises `ActionRefused`."""
    if not reason.strip():
        raise ActionRefused("Please enter a reason, so that a colleague knows what to find out.")
    _lock_commission(commission.attribution)
    if commission.attribution.flags.open().filter(kind=Flag.Kind.BY_STAFF).exists():
        raise ActionRefused("A member of staff already holds this commission.")
    refuse_text_about_erased(commission, reason)
    return raise_flag(attribution=commission.attribution, kind=Flag.Kind.BY_STAFF, reason=reason, actor=actor)


@transaction.atomic
def end_dispute_flags(*, attribution: Attribution, dispute_id: str) -> int:
    """Clears the flags of a closed dispute; a lost dispute has reversed the commission with its refund. Returns how
    many."""
    flags = attribution.flags.open().filter(kind=Flag.Kind.PAYMENT_DISPUTE, dispute_id=dispute_id)
    return sum(clear_flag(flag=flag, reason=None, actor=None) for flag in flags)


@transaction.atomic
def end_refund_flag(*, attribution: Attribution) -> int:
    """Clears the flag of a closed refund request; a refund has reversed the commission. Returns how many."""
    flags = attribution.flags.open().filter(kind=Flag.Kind.REFUND_REQUEST)
    return sum(clear_flag(flag=flag, reason="the refund request was answered", actor=None) for flag in flags)


def _require_colleague(flag: Flag, actor: User | None) -> None:
    leave_to_a_colleague(flag.attribution.affiliate, actor=actor, permission=DECIDE)


def _lock_commission(attribution: Attribution) -> Commission | None:
    return Commission.objects.select_for_update().filter(attribution=attribution).first()


def _save_decision(flag: Flag, state: str, reason: str | None, actor: User | None) -> bool:
    changes: dict[str, Any] = {"state": state, "decided_at": timezone.now(), "decided_by": actor}
    if reason is not None:
        if not reason.strip():
            raise ActionRefused("Please enter a reason. The affiliate may ask for it.")
        if actor is not None:
            refuse_text_about_erased(flag, reason)
        changes["reason"] = flag.sealed("reason", reason.strip()[:300])
    return bool(Flag.objects.filter(pk=flag.pk, state=State.OPEN).update(**changes))
