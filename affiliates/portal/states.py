"""The states of a commission as affiliates see them: one name and one meaning each, for tiles, filters and files.

What a flag holds is held in the portal, whether it was pending or approved, so that each commission is in one state.
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db.models import QuerySet

from ..models import Commission

State = Commission.State
HELD = "held"
MAY_BE_HELD = (State.PENDING, State.APPROVED)

NAMES: dict[str, str] = {
    State.PENDING: State.PENDING.label,
    HELD: "held",
    **{state: state.label for state in State if state != State.PENDING},
}


def meanings() -> dict[str, str]:
    """A sentence per state, in the order in which a commission passes through them."""
    return {
        State.PENDING: f"Approved when the buyer's {settings.REFUND_DAYS} days for a refund are over.",
        HELD: "Under review: a person looks at the sale before it counts.",
        State.APPROVED: "Yours, in the next payout.",
        State.IN_PAYOUT: "On its way to you.",
        State.PAID: "Paid out to you.",
        State.REJECTED: "Not paid, for the reason given.",
        State.REVERSED: "Not paid, because the order was refunded.",
    }


def state_of(commission: Commission) -> str:
    """Expects the annotation `held` of `commissions_of`."""
    is_held = commission.held and commission.state in MAY_BE_HELD  # type: ignore[attr-defined]
    return HELD if is_held else commission.state


def in_state(commissions: QuerySet[Commission], state: str) -> QuerySet[Commission]:
    """Those that are shown in this state."""
    conditions: dict[str, Any] = {"state": state}
    if state == HELD:
        conditions = {"held": True, "state__in": MAY_BE_HELD}
    elif state in MAY_BE_HELD:
        conditions["held"] = False
    return commissions.filter(**conditions)


def badge_of(state: str) -> str:
    """The color of the badge."""
    if state in {State.REJECTED, State.REVERSED}:
        return "bad"
    return "ok" if state in {State.APPROVED, State.PAID} else "waiting"
