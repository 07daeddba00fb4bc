"""Deciding many commissions at once: first a preview of what would be done and what would be skipped, then each one."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone

from affiliates.models import Commission, CommissionQuerySet, Flag
from privacy.admin_base.four_eyes import a_colleague_may
from shop.money import Money

from .flags import reject_with_flags
from .lifecycle import DECIDE, approve_commission

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
    now: datetime = field(default_factory=timezone.now)

    @property
    def early(self) -> list[Commission]:
        """Those whose buyers may still return the product."""
        return [commission for commission in self.doable if commission.hold_until > self.now]

    @property
    def due(self) -> list[Commission]:
        """Those past their hold."""
        return [commission for commission in self.doable if commission.hold_until <= self.now]

    @property
    def total(self) -> str:
        return _total_in_words(self.doable)

    @property
    def early_total(self) -> str:
        return _total_in_words(self.early)

    @property
    def due_total(self) -> str:
        return _total_in_words(self.due)


def _total_in_words(commissions: list[Commission]) -> str:
    """The total per currency: `$35.98, 12.00 EUR`."""
    sums: Counter[str] = Counter()
    for commission in commissions:
        sums[commission.currency] += commission.remaining.minor
    return ", ".join(str(Money(minor, currency)) for currency, minor in sorted(sums.items()))


def preview_approval(commissions: CommissionQuerySet, *, actor: User) -> DecisionPreview:
    return _preview_decisions(commissions, actor, held_counts=True)


def preview_rejection(commissions: CommissionQuerySet, *, actor: User) -> DecisionPreview:
    """A commission that a flag holds can still be rejected."""
    return _preview_decisions(commissions, actor, held_counts=False)


def approve_all(commissions: CommissionQuerySet, *, early: bool, actor: User) -> int:
    """Approves those that are unchanged since the preview; those within the refund window only if `early`. Returns how
    many."""
    preview = preview_approval(commissions, actor=actor)
    return sum(approve_commission(commission=c, actor=actor) for c in (preview.doable if early else preview.due))


@transaction.atomic
def reject_all(commissions: CommissionQuerySet, *, reason: str, actor: User) -> int:
    """Rejects those that are unchanged since the preview, and closes their flags. Returns how many. Raises
    `ActionRefused`."""
    doable = preview_rejection(commissions, actor=actor).doable
    return sum(reject_with_flags(commission=c, reason=reason, actor=actor) for c in doable)


def _preview_decisions(commissions: CommissionQuerySet, actor: User, *, held_counts: bool) -> DecisionPreview:
    doable, skipped = [], []
    leaves_own = a_colleague_may(actor, DECIDE)
    for commission in commissions.select_related("attribution__affiliate__user", "attribution__order").prefetch_related(
        "attribution__flags"
    ):
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
