"""What staff type into columns that stay readable is refused if it looks like personal data."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.admin import ModelAdmin
from django.core.exceptions import ValidationError
from django.db.models import Field
from django.http import HttpRequest

from privacy.evidence.sweep.detectors import signs_in
from privacy.registry.clear_text import ClearTextKind, clear_text_of, declared_columns


class ClearTextAdmin(ModelAdmin[Any]):
    """`SiteAdmin.register` adds it to every admin."""

    def formfield_for_dbfield(self, db_field: Field[Any, Any], request: HttpRequest, **options: Any) -> Any:
        field = super().formfield_for_dbfield(db_field, request, **options)
        column = f"{db_field.model._meta.db_table}.{db_field.column}"
        if isinstance(field, forms.CharField) and column in declared_columns():
            field.validators = [*field.validators, _Impersonal(clear_text_of(column).kind)]
        return field


class _Impersonal:
    def __init__(self, kind: ClearTextKind) -> None:
        self.kind = kind

    def __call__(self, text: Any) -> None:
        """Raises `ValidationError`."""
        if isinstance(text, str) and (signs := sorted({*signs_in(text)} - self.kind.may_hold)):
            raise ValidationError(f"This contains {' and '.join(signs)}, but it is {self.kind.reason}. Leave it out.")
