"""What the site stores about whom: opens every sealed value of the scratch copy."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from django.apps import apps
from django.db import models

from privacy.encryption.fields import SealedEmailField, SealedField
from privacy.keystore.day_keys import KeyDestroyed
from privacy.registry.declarations import PersonalData, declaration_for

from .canaries import Canary
from .search import Search

Column = tuple[type[models.Model], str]


def sealed_values() -> Iterator[tuple[models.Model, SealedField, Any]]:
    """Each row, sealed field and value, bypassing purpose binding."""
    for model in apps.get_models():
        fields = [field for field in model._meta.concrete_fields if isinstance(field, SealedField)]
        for row in model._base_manager.all() if fields else ():
            yield from ((row, field, value) for field in fields if (value := _opened(row, field)) is not None)


def _opened(row: models.Model, field: SealedField) -> Any:
    stored = row.__dict__[field.attname]
    try:
        return None if stored is None else field.open(stored, row)
    except KeyDestroyed:
        return None


def stored_canaries(search: Search, *, of_somebody: bool = False) -> dict[Canary, set[Column]]:
    """The columns in which each canary is stored; with `of_somebody`, without rows that can't be linked to a person."""
    kept: dict[Canary, set[Column]] = defaultdict(set)
    for row, field, value in sealed_values():
        if of_somebody and is_unlinkable(row):
            continue
        content = value if isinstance(value, bytes) else str(value).encode()
        for canary in search.found_in(content, thorough=isinstance(value, bytes)):
            kept[canary].add((type(row), field.name))
    return kept


def is_unlinkable(row: models.Model) -> bool:
    """Whether the row can't be linked to a person: it would be through another row, but there is none, like a visit
    that led to no order."""
    declaration = declaration_for(row._meta.db_table)
    if not isinstance(declaration, PersonalData) or declaration.holds_address:
        return False
    others = {lookup.rpartition("__")[0] for lookup in declaration.found_by}
    return "" not in others and not any(
        type(row)._base_manager.filter(pk=row.pk, **{f"{other}__isnull": False}).exists() for other in others
    )


def sealed_addresses() -> Iterator[tuple[str, type[models.Model]]]:
    """Each stored email address and its model."""
    for row, field, value in sealed_values():
        if isinstance(field, SealedEmailField) and value:
            yield value, type(row)
