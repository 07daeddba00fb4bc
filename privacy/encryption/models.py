"""The base of every model with sealed fields."""

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
    """A new UUID version 7 (RFC 9562): random bits behind the time, so that inserts stay in order."""
    return uuid_utils.compat.uuid7()


class UUID7Field(ComputedField, models.UUIDField[_Set, _Get]):
    """A UUID version 7 of its own for each row, never edited."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **{"default": uuid7, "editable": False, **options})


class SealedModel(models.Model):
    """Gives a row its name before it is written, because sealed values are bound to it."""

    id = UUID7Field(primary_key=True)

    class Meta:
        abstract = True

    def save(self, *, update_fields: Iterable[str] | None = None, **options: Any) -> None:
        """Whatever is written takes its blind index along, or the row would still be found by the old value."""
        if update_fields is not None:
            written = set(update_fields)
            update_fields = written | {index.name for index in blind_indexes(self) if index.source in written}
        else:
            self._load_indexes_of_loaded_values()
        if next(blind_indexes(self), None) is None:
            super().save(update_fields=update_fields, **options)
            return
        # One transaction, because a unique value may have to wait for its turn while keys are rotated.
        with transaction.atomic(using=options.get("using") or router.db_for_write(type(self), instance=self)):
            super().save(update_fields=update_fields, **options)

    def sealed(self, name: str, value: Any) -> SealedBytes:
        """A value sealed for this row, for the sealed field `name`, as `update()` takes it."""
        field: Any = self._meta.get_field(name)
        check_before_seal(field, value)
        sealed: SealedBytes = field.seal(value, self)
        return sealed

    def _load_indexes_of_loaded_values(self) -> None:
        """A deferred index is left out of a save; saving computes it anew all the same."""
        deferred = self.get_deferred_fields()
        for index in blind_indexes(self):
            if index.attname in deferred and index.source not in deferred and index.source:
                setattr(self, index.attname, None)

    def __str__(self) -> str:
        """What logs, the admin's history and error reports may show: never anything personal."""
        return f"{self._meta.verbose_name} {str(self.pk)[-8:]}"


def blind_indexes(model: type[models.Model] | models.Model) -> Iterator[BlindIndexField]:
    """The blind index fields of a model."""
    return (field for field in model._meta.concrete_fields if isinstance(field, BlindIndexField))
