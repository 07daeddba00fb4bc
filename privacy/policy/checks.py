"""Start-up check of the setting that leaves columns out of the first version."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core import checks

from privacy.registry.policy_gate import registered


@checks.register("privacy")
def check_what_is_left_out(app_configs: Any, **kwargs: Any) -> Sequence[checks.CheckMessage]:
    return [
        checks.Error(
            f"POLICY_LEAVES_OUT names {place}, which is no personal column.",
            hint="Write table.column, as the policy's page for staff shows them.",
            id="privacy.E040",
        )
        for place in settings.POLICY_LEAVES_OUT
        if not registered(place)
    ]
