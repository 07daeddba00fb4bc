"""The purposes of admin pages: showing staff the rows of a model, for the purposes of these rows."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.contrib.admin import ModelAdmin

from privacy.registry.declarations import PersonalData, declaration_for
from privacy.registry.purpose_binding import Acting
from privacy.registry.purposes import Audience, Purpose


def acts_for_staff(view: Any) -> Acting | None:
    """What an admin view acts for. Apps whose pages also show other rows declare their purposes as `staff_acts_for` in
    the `AppConfig`.

    None for a view that isn't a method of a ModelAdmin; its URL declares its purposes.
    """
    owner = _owner(view)
    if owner is None:
        return None
    name = f"{type(owner).__name__}.{getattr(view, '__name__', '')}"
    return Acting(name, frozenset((purpose, Audience.STAFF) for purpose in _purposes(owner)))


def _owner(view: Any) -> Any:
    """The object that the view is a method of, ignoring decorators."""
    while not hasattr(view, "__self__") and hasattr(view, "__wrapped__"):
        view = view.__wrapped__
    return getattr(view, "__self__", None)


def _purposes(owner: Any) -> set[Purpose]:
    if not isinstance(owner, ModelAdmin):
        return set()
    further = {*getattr(apps.get_app_config(owner.opts.app_label), "staff_acts_for", ())}
    models = (owner.model, *(inline.model for inline in owner.inlines))
    declared = (declaration_for(model._meta.db_table) for model in models)
    kept_for = {p for d in declared if isinstance(d, PersonalData) for p in (d.purpose, *d.also_for)}
    return kept_for | further
