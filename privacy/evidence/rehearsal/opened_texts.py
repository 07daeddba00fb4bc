"""Every text in the databases, including opened sealed values, to search for what must not be stored at all."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.apps import apps
from django.db import models

from privacy.encryption.fields import SealedTextField
from privacy.encryption.keys import UnknownKey
from privacy.encryption.sealing import SealBroken
from privacy.keystore.day_keys import KeyDestroyed
from privacy.registry.purpose_binding import PurposeNotAllowed

TEXTS = (models.CharField, models.TextField, models.JSONField, SealedTextField)


def opened_texts() -> Iterator[tuple[str, str]]:
    """`table.column` and each of its values, except unreadable and purpose-bound ones."""
    for model in apps.get_models():
        fields = [field for field in model._meta.concrete_fields if isinstance(field, TEXTS)]
        for row in model._base_manager.all() if fields else ():
            for field in fields:
                if text := text_of(row, field):
                    yield f"{model._meta.db_table}.{field.column}", text


def text_of(row: models.Model, field: models.Field[Any, Any]) -> str:
    try:
        return str(getattr(row, field.attname) or "")
    except (SealBroken, UnknownKey, KeyDestroyed, PurposeNotAllowed):
        return ""
