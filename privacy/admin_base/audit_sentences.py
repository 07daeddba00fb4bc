"""Audit entries as sentences: "Dana Staff read the message Q7K2M9QX4R".

Names are opened for those who may see the rows, each model's in one query for a whole page. The audit log itself has
only IDs.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from django.apps import apps
from django.contrib import admin
from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.db.models import Model
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import capfirst

from privacy.audit.actions import sentence_of
from privacy.audit.models import AuditEntry
from privacy.encryption.fields import SealedField
from privacy.registry.declarations import Erasure, PersonalData, declaration_for
from privacy.registry.purpose_binding import acting_as, acting_now

from .staff_labels import is_colleague, link_for, may_see, staff_label
from .staff_purposes import acts_for_staff


def with_sentences(entries: Iterable[AuditEntry], viewer: Any) -> list[AuditEntry]:
    """The same entries, each with an attribute `sentence`. One query for all actors, and one per model of rows that the
    viewer may see."""
    found = list(entries)
    ids: dict[str, set[str]] = defaultdict(set)
    for entry in found:
        ids[entry.object_model].add(entry.object_id)
    rows = {name: _names(model, ids[name] - {""}, viewer) for name in ids if (model := _model(name))}
    people = get_user_model()._default_manager.in_bulk({entry.actor for entry in found if entry.actor})
    for entry in found:
        actor = person(people.get(entry.actor), viewer) if entry.actor else "the site"
        entry.sentence = format_html(  # type: ignore[attr-defined]
            sentence_of(entry.action),
            actor=capfirst(actor),
            object=_object(entry, rows.get(entry.object_model, {}), viewer),
        )
    return found


def person(user: Any, viewer: Any) -> str:
    """Colleagues are named to each other; owners of other accounts only to those who may see accounts."""
    if user is None:
        return "somebody whose account was deleted"
    if not (is_colleague(user) or may_see(viewer, user)):
        return "the owner of an account"
    return "somebody whose account was erased" if is_erased(user) else staff_label(user)


def _names(model: type[Model], ids: set[str], viewer: Any) -> dict[str, SafeString]:
    """The rows' names as links, by ID; read for the purposes of the model's own admin page."""
    if not ids or not admin.site.is_registered(model) or not may_see(viewer, model):
        return {}
    own: Any = admin.site.get_model_admin(model)
    related = own.list_select_related
    queryset = model._base_manager.filter(pk__in=filter(None, (_key(model, text) for text in ids)))
    if related:
        queryset = queryset.select_related(*(related if isinstance(related, (list, tuple)) else ()))
    with acting_as(acts_for_staff(own.changelist_view) or acting_now()):
        return {str(row.pk): _name(row, viewer) for row in queryset}


def _name(row: Model, viewer: Any) -> SafeString:
    kind = str(row._meta.verbose_name)
    label = link_for(viewer, row)
    starts = staff_label(row).lower().startswith(kind.lower().split()[0])
    return format_html("the {}{}{}", "" if starts else f"{kind} ", label, " (erased)" if is_erased(row) else "")


def _object(entry: AuditEntry, names: dict[str, SafeString], viewer: Any) -> str:
    model = _model(entry.object_model)
    if model is None:
        return entry.object_model or "nothing in particular"
    if not entry.object_id:
        return f"the list of {model._meta.verbose_name_plural}"
    if entry.object_id in names:
        return names[entry.object_id]
    kind = str(model._meta.verbose_name)
    one = f"{'an' if kind[0].lower() in 'aeio' else 'a'} {kind}"
    opened = admin.site.is_registered(model) and may_see(viewer, model)
    return f"{one} that has been deleted" if opened else one


def is_erased(row: Model) -> bool:
    """Whether the row stays although its person was erased: every sealed column of that person is empty."""
    declaration = declaration_for(row._meta.db_table)
    if not isinstance(declaration, PersonalData) or declaration.erasure is not Erasure.REDACT:
        return False
    is_a_persons = any("__" not in path for path in declaration.found_by)
    sealed = [f for f in row._meta.concrete_fields if isinstance(f, SealedField) and f.name in declaration.columns]
    return is_a_persons and all(f.value_from_object(row) in (None, "", []) for f in sealed)


def _model(name: str) -> type[Model] | None:
    try:
        return apps.get_model(name) if name else None
    except LookupError:
        return None


def _key(model: type[Model], text: str) -> Any:
    try:
        return model._meta.pk.to_python(text)
    except ValidationError:
        return None
