"""Blind indexes: look up a sealed value by equality, without storing anything readable.

Format: `key id (4 bytes) | HMAC-SHA256 (32)` of the normalized value, with a separate key per column. The key ID shows
which rows still have to be rotated; a lookup asks for the value under every key in the ring. Only equality works: no
prefixes, ranges or patterns.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Iterator
from typing import Any

from django.core.exceptions import FieldError
from django.db import IntegrityError, connections, models, router
from django.db.models.lookups import Exact, In, IsNull

from .keys import KEY_ID_BYTES, RootKey, derive_key, key_ring
from .normalization import (
    address_fingerprint,
    code_fingerprint,
    code_look_fingerprint,
    email_fingerprint,
    normalize_email,
    normalize_phone,
    phone_fingerprint,
)
from .row_loading import SentAsArrays

NORMALIZERS: dict[str, Callable[[str], str]] = {
    "email": normalize_email,
    "email_fingerprint": email_fingerprint,  # of a fingerprint field; look it up with an address
    "phone": normalize_phone,
    "phone_fingerprint": phone_fingerprint,
    "address_fingerprint": address_fingerprint,
    "code_fingerprint": code_fingerprint,
    "code_look_fingerprint": code_look_fingerprint,
    "exact": str,
}


INDEX_BYTES = KEY_ID_BYTES + 32


class BlindIndex(bytes):
    """A computed index value, for comparison or storage."""

    __slots__ = ()


class BlindIndexField(SentAsArrays, models.BinaryField[Any, Any]):
    """The index of the sealed field named `source`. Filter it by the clear-text value:
    `User.objects.filter(email_index="Alice@Example.com")`.
    """

    db_index: bool
    rotates_with_key_ring = True  # rotate_keys rewrites it

    def __init__(self, source: str, *, normalize: str = "exact", **kwargs: Any) -> None:
        self.source, self.normalize = source, normalize
        kwargs.setdefault("db_index", not kwargs.get("unique", False))
        kwargs["editable"] = False
        super().__init__(**kwargs)

    def deconstruct(self) -> tuple[str, str, Any, Any]:
        name, path, args, kwargs = super().deconstruct()
        kwargs.pop("editable", None)
        kwargs.update(source=self.source, normalize=self.normalize, db_index=self.db_index)
        return name, path, args, kwargs

    def compute(self, value: str, root: RootKey | None = None) -> BlindIndex:
        root = root or key_ring().primary
        key = derive_key(root, "blind-index", self.model._meta.db_table, self.column)
        return BlindIndex(root.id + hmac.digest(key, NORMALIZERS[self.normalize](value).encode(), "sha256"))

    def candidates(self, value: str) -> list[BlindIndex]:
        """The index of a value with every key in the ring, the primary first."""
        return [self.compute(value, root) for root in key_ring().keys]

    def reencrypted(self, row: models.Model) -> BlindIndex:
        """The row's index with the primary key."""
        return self.compute(getattr(row, self.source))

    def pre_save(self, model_instance: models.Model, add: bool) -> BlindIndex | None:
        value = getattr(model_instance, self.source)
        index = self.compute(value) if value else None
        if index is not None and len(key_ring().keys) > 1:
            check_unique_across_keys(self, model_instance)
        setattr(model_instance, self.attname, index)
        return index

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> BlindIndex | None:
        return None if value is None else BlindIndex(value)

    def to_python(self, value: Any) -> Any:
        return value

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        if value is None:
            return None
        if type(value) is not BlindIndex:
            raise TypeError(f"{self.model._meta.label}.{self.name} is computed from {self.source}; it is never set")
        return super().get_db_prep_value(bytes(value), connection, prepared)

    def get_db_prep_save(self, value: Any, connection: Any) -> Any:
        """Called for every written value, including expressions, which could contain clear text."""
        if hasattr(value, "as_sql"):
            raise TypeError(f"{self.model._meta.label}.{self.name} is computed here, never by the database")
        return super().get_db_prep_save(value, connection)

    def db_check(self, connection: Any) -> str:
        """A database constraint on the length, which rejects clear text."""
        name = connection.ops.quote_name(self.column)
        if connection.vendor == "sqlite":
            return f"{name} IS NULL OR (typeof({name}) = 'blob' AND length({name}) = {INDEX_BYTES})"
        return f"octet_length({name}) = {INDEX_BYTES}"

    def get_lookup(self, lookup_name: str) -> Any:
        try:
            return {"exact": BlindExact, "in": BlindIn, "isnull": IsNull}[lookup_name]
        except KeyError:
            raise FieldError(
                f"{self.model._meta.label}.{self.name} is a blind index: it finds equal values and nothing else."
            ) from None


class BlindIn(In):
    """`in`, for clear-text or computed values, with every key."""

    def get_prep_lookup(self) -> Any:
        field: BlindIndexField = self.lhs.output_field
        if not self.rhs_is_direct_value():
            return self.rhs
        values = [[v] if isinstance(v, BlindIndex) else field.candidates(v) for v in self.rhs]
        self.rhs = [index for candidates in values for index in candidates]
        return self.rhs


class BlindExact(Exact):
    """`=`, which becomes `in` while the ring has several keys."""

    candidates: list[BlindIndex]

    def get_prep_lookup(self) -> Any:
        if not isinstance(self.rhs, str):
            self.candidates = []
            return self.rhs
        self.candidates = self.lhs.output_field.candidates(self.rhs)
        return self.candidates[0]

    def as_sql(self, compiler: Any, connection: Any) -> Any:
        if len(self.candidates) > 1:
            return BlindIn(self.lhs, self.candidates).as_sql(compiler, connection)
        return super().as_sql(compiler, connection)


def check_unique_across_keys(index: BlindIndexField, row: models.Model) -> None:
    """Enforces uniqueness while the ring has several keys, when a unique constraint can't tell that two index values
    are of the same value.

    Writers are serialized (by an advisory lock on PostgreSQL; SQLite has one writer anyway) and look for the value with
    every key. Raises `IntegrityError`, as the constraint would.
    """
    for others in _unique_with(index):
        alias = router.db_for_write(type(row), instance=row)
        _wait_for_turn(index, connections[alias])
        wanted = {other: getattr(row, other) for other in others}
        wanted[f"{index.name}__in"] = [getattr(row, index.source)]
        if type(row)._base_manager.using(alias).filter(**wanted).exclude(pk=row.pk).exists():
            raise IntegrityError(f"another {row._meta.verbose_name} has this {index.source}")


def _unique_with(index: BlindIndexField) -> Iterator[list[str]]:
    """The other fields of each unique constraint that includes the index; not of those for some rows only."""
    if index.unique:
        yield []
    for constraint in index.model._meta.constraints:
        if not isinstance(constraint, models.UniqueConstraint) or constraint.condition is not None:
            continue
        if index.name in constraint.fields:
            yield [name for name in constraint.fields if name != index.name]


def _wait_for_turn(index: BlindIndexField, connection: Any) -> None:
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            place = f"{index.model._meta.db_table}.{index.column}"
            cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [place])
