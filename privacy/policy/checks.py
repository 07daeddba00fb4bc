"""System checks of the setting `POLICY_LEAVES_OUT`, and of the columns behind the policy gate."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core import checks

from privacy.encryption.fields import SealedField
from privacy.registry.declarations import personal_models
from privacy.registry.policy_gate import GatedCharField, registered


@checks.register("privacy")
def check_what_is_left_out(app_configs: Any, **kwargs: Any) -> Sequence[checks.CheckMessage]:
    return [
        checks.Error(
            f"Entry {number} of POLICY_LEAVES_OUT is not a personal column.",
            hint="Use table.column, as shown in the admin of policy versions.",
            id="privacy.E040",
        )
        for number, place in enumerate(settings.POLICY_LEAVES_OUT, start=1)
        if not registered(place)
    ]


@checks.register("privacy")
def check_that_the_gate_sees_every_column(app_configs: Any, **kwargs: Any) -> Sequence[checks.CheckMessage]:
    return [
        checks.Error(
            f"{declaration.model._meta.label}.{name} is personal, and can be written past the policy gate.",
            hint="Make it a sealed field, or a GatedCharField if it holds a digest.",
            id="privacy.E041",
        )
        for declaration in personal_models()
        for name in declaration.columns
        if not isinstance(declaration.model._meta.get_field(name), (SealedField, GatedCharField))
    ]
