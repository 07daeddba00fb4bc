"""Deciding many commissions at once: first a preview of what would be done and what would be skipped, then each one."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from affiliates.models import Commission, CommissionQuerySet, Flag
from privacy.admin_base.four_eyes import a_colleague_may
from shop.money import Money

from .lifecycle import DECIDE, approve_commission, reject_commission

if TYPE_CHECKING:
    from accounts.models import User

State = Commission.State
OWN = "it is your own; a colleague has to decide"


@dataclass(frozen=True)
class Skipped:
    commission: Commission
    why: str


@dataclass(frozen=True)
class DecisionPreview:
    """What confirming would do now."""

    doable: list[Commission]
    skipped: list[Skipped]

    @property
    def sum_in_words(self) -> str:
        """The total of the commissions to decide, per currency: `$35.98, 12.00 EUR`."""
        sums: Counter[str] = Counter()
        for commission in self.doable:
            sums[commission.currency] += commission.remaining.minor
        return ", ".join(str(Money(minor, currency)) for currency, minor in sorted(sums.items()))


def preview_approval(commissions: CommissionQuerySet, *, actor: User) -> DecisionPreview:
    return _preview_decisions(commissions, actor, held_counts=True)


def preview_rejection(commissions: CommissionQuerySet, *, actor: User) -> DecisionPreview:
    """A commission that a flag holds can still be rejected."""
    return _preview_decisions(commissions, actor, held_counts=False)


def approve_all(commissions: CommissionQuerySet, *, actor: User) -> int:
    """Approves those that are unchanged since the preview. Returns how many."""
    return sum(approve_commission(commission=c, actor=actor) for c in preview_approval(commissions, actor=actor).doable)


def reject_all(commissions: CommissionQuerySet, *, reason: str, actor: User) -> int:
    """Rejects those that are unchanged since the preview. Raises `ActionRefused`. Returns how many."""
    doable = preview_rejection(commissions, actor=actor).doable
    return sum(reject_commission(commission=c, reason=reason, actor=actor) for c in doable)


def _preview_decisions(commissions: CommissionQuerySet, actor: User, *, held_counts: bool) -> DecisionPreview:
    doable, skipped = [], []
    leaves_own = a_colleague_may(actor, DECIDE)
    for commission in commissions.select_related("attribution__affiliate").prefetch_related("attribution__flags"):
        is_left = leaves_own and commission.affiliate.user_id == actor.pk
        if why := _skip_reason(commission, held_counts=held_counts) or (OWN if is_left else ""):
            skipped.append(Skipped(commission, why))
        else:
            doable.append(commission)
    return DecisionPreview(doable, skipped)


def _skip_reason(commission: Commission, *, held_counts: bool) -> str:
    """Why this commission can't be decided; empty if it can."""
    if commission.state != State.PENDING:
        return f"it is already {commission.get_state_display()}"
    return hold_reasons(commission) if held_counts else ""


def hold_reasons(commission: Commission) -> str:
    """The reasons of all open flags, which must have been prefetched."""
    flags = (flag for flag in commission.attribution.flags.all() if flag.state == Flag.State.OPEN)
    return "; ".join(f"{Flag.Kind(flag.kind).label}{flag.why and f': {flag.why}'}" for flag in flags)
