"""The base class of models with sealed fields."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator
from typing import Any, TypeVar

import uuid_utils.compat
from django.db import models, router, transaction

from .blind_index import BlindIndexField
from .computed_fields import ComputedField
from .fields import check_before_seal
from .sealing import SealedBytes

_Set = TypeVar("_Set")
_Get = TypeVar("_Get")


def uuid7() -> uuid.UUID:
    """A new UUID version 7 (RFC 9562): time followed by random bits, so that inserts are in order."""
    return uuid_utils.compat.uuid7()


class UUID7Field(ComputedField, models.UUIDField[_Set, _Get]):
    """A generated UUID version 7, not editable."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **{"default": uuid7, "editable": False, **options})


class SealedModel(models.Model):
    """Generates the primary key before a row is saved, because sealed values are bound to it."""

    id = UUID7Field(primary_key=True)

    class Meta:
        abstract = True

    def save(self, *, update_fields: Iterable[str] | None = None, **options: Any) -> None:
        """Also saves the blind indexes of saved fields, so that the row isn't found by the old value."""
        if update_fields is not None:
            written = set(update_fields)
            update_fields = written | {index.name for index in blind_indexes(self) if index.source in written}
        else:
            self._load_indexes_of_loaded_values()
        if next(blind_indexes(self), None) is None:
            super().save(update_fields=update_fields, **options)
            return
        # One transaction, because checking uniqueness during key rotation may take a lock.
        with transaction.atomic(using=options.get("using") or router.db_for_write(type(self), instance=self)):
            super().save(update_fields=update_fields, **options)

    def sealed(self, name: str, value: Any) -> SealedBytes:
        """A value for the sealed field `name`, sealed for this row, for use in `update()`."""
        field: Any = self._meta.get_field(name)
        check_before_seal(field, value)
        sealed: SealedBytes = field.seal(value, self)
        return sealed

    def _load_indexes_of_loaded_values(self) -> None:
        """Loads deferred indexes, which saving would otherwise leave out."""
        deferred = self.get_deferred_fields()
        for index in blind_indexes(self):
            if index.attname in deferred and index.source not in deferred and index.source:
                setattr(self, index.attname, None)

    def __str__(self) -> str:
        """Contains no personal data, because logs, the admin's history and error reports show it."""
        return f"{self._meta.verbose_name} {str(self.pk)[-8:]}"


def blind_indexes(model: type[models.Model] | models.Model) -> Iterator[BlindIndexField]:
    """The blind index fields of a model."""
    return (field for field in model._meta.concrete_fields if isinstance(field, BlindIndexField))
