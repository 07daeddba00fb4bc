"""What the policy's page says about its own version."""

from __future__ import annotations

from typing import Any

from . import gate
from .models import PolicyVersion


def policy_page() -> dict[str, Any]:
    """The version in effect, the one that is announced, and what is printed in the table but not used yet."""
    return {
        "version": PolicyVersion.objects.defer("snapshot").in_effect(),
        "announced": PolicyVersion.objects.announced().defer("snapshot").first(),
        "closed": sorted(gate.waiting().closed.values()),
    }
