"""What a page of the admin acts for: showing staff the rows of its model, for what these are kept for."""

from __future__ import annotations

from inspect import unwrap
from typing import Any

from django.contrib.admin import ModelAdmin

from .purposes import Audience, Purpose
from .reading import Acting
from .registry import PersonalData, declaration_for


def acts_for_staff(view: Any) -> Acting:
    """An admin class that looks further than its own rows names in `acts_for` what for (purposes)."""
    owner = getattr(unwrap(view), "__self__", None)
    name = f"{type(owner).__name__}.{getattr(unwrap(view), '__name__', '')}"
    return Acting(name, frozenset((purpose, Audience.STAFF) for purpose in _purposes(owner)))


def _purposes(owner: Any) -> set[Purpose]:
    further = {*getattr(owner, "acts_for", ())}
    if not isinstance(owner, ModelAdmin):
        return further
    models = (owner.model, *(inline.model for inline in owner.inlines))
    declared = (declaration_for(model._meta.db_table) for model in models)
    kept_for = {p for d in declared if isinstance(d, PersonalData) for p in (d.purpose, *d.also_for)}
    return kept_for | further
