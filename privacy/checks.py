"""Start-up checks of this floor."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.apps import apps
from django.core import checks

from .encryption.fields import SealedField
from .registry import PersonalData, declaration_for


@checks.register("privacy")
def check_every_model_is_declared(app_configs: Any, **kwargs: Any) -> Sequence[checks.CheckMessage]:
    """Each model is in the registry, and each sealed field is declared as personal."""
    return [message for model in apps.get_models(include_auto_created=True) for message in _check_model(model)]


def _check_model(model: Any) -> list[checks.CheckMessage]:
    declaration = declaration_for(model._meta.db_table)
    if declaration is None:
        return [
            checks.Error(
                f"{model._meta.label} is not in the registry of personal data.",
                hint="Put @personal_data(…) or @not_personal(…) from privacy.registry above the model.",
                obj=model,
                id="privacy.E010",
            )
        ]
    personal = declaration.columns if isinstance(declaration, PersonalData) else frozenset()
    return [
        checks.Error(
            f"{model._meta.label}.{f.name} is sealed but not declared as personal.",
            hint="Name it in columns of the model's declaration.",
            obj=model,
            id="privacy.E011",
        )
        for f in model._meta.local_concrete_fields
        if isinstance(f, SealedField) and f.name not in personal
    ]
