"""What the policy's page says about its own version."""

from __future__ import annotations

from typing import Any

from . import gate
from .models import PolicyVersion

State = PolicyVersion.State


def policy_page() -> dict[str, Any]:
    """The version in effect, the one that is announced, and what is not used yet. One query."""
    current = PolicyVersion.objects.filter(state__in=[State.IN_EFFECT, State.NOTICES]).defer("snapshot")
    by_state = {version.state: version for version in current}
    return {
        "version": by_state.get(State.IN_EFFECT),
        "announced": by_state.get(State.NOTICES),
        "closed": sorted(gate.waiting().closed.values()),
    }
