"""Django fields whose default or upload path is a function of the application.

Migrations contain the plain field without the function, so they don't break when it is moved or renamed. Rows created
by a migration get such values from the migration.
"""

from __future__ import annotations

from typing import Any, TypeVar

from django.db import models

_Set = TypeVar("_Set")
_Get = TypeVar("_Get")


class ComputedField:
    """Mixin that precedes Django's field class."""

    def deconstruct(self) -> tuple[str, str, Any, dict[str, Any]]:
        name, _, args, options = super().deconstruct()  # type: ignore[misc]
        plain = next(base for base in type(self).__mro__ if base.__module__.startswith("django."))
        kept = {option: value for option, value in options.items() if not callable(value)}
        return name, f"django.db.models.{plain.__name__}", args, kept


class ComputedCharField(ComputedField, models.CharField[_Set, _Get]):
    pass


class ComputedSmallIntegerField(ComputedField, models.PositiveSmallIntegerField[_Set, _Get]):
    pass


class ComputedDateTimeField(ComputedField, models.DateTimeField[_Set, _Get]):
    pass


class ComputedFileField(ComputedField, models.FileField):
    pass


class ComputedImageField(ComputedField, models.ImageField):
    pass
