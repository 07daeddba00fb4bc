"""System check: every admin that shows personal data is audited."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.apps import apps
from django.contrib.admin import ModelAdmin
from django.contrib.admin.sites import all_sites
from django.core import checks

from .audited import AuditedAdmin, shows_personal_data


@checks.register("privacy")
def check_admins_are_audited(app_configs: Any, **kwargs: Any) -> Sequence[checks.CheckMessage]:
    """Each admin that shows personal data, in its model or inlines, must inherit AuditedAdmin."""
    models = apps.get_models()
    admins = (site.get_model_admin(model) for site in all_sites for model in filter(site.is_registered, models))
    return [
        _unaudited(registered)
        for registered in admins
        if shows_personal_data(registered) and not isinstance(registered, AuditedAdmin)
    ]


def _unaudited(registered: ModelAdmin[Any]) -> checks.CheckMessage:
    return checks.Error(
        f"{type(registered).__name__} shows personal data ({registered.model._meta.label}) without auditing.",
        hint="Inherit from AuditedAdmin (privacy.admin_base.audited), ReadOnlyAdmin or BlindSearchMixin.",
        obj=type(registered),
        id="privacy.E030",
    )
