"""Sealed model fields: plain Python values in memory, sealed bytes everywhere else.

A row keeps the stored bytes and opens them when the attribute is read, so lists that don't show a field don't pay for
it. What can't be sealed (a plain value in `update()`, a comparison, a fixture) is refused, never stored in clear text.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any
from uuid import UUID

from django import forms
from django.core import checks, validators
from django.core.exceptions import FieldError
from django.db import models
from django.db.models.query_utils import DeferredAttribute
from django.db.models.signals import post_init, pre_init
from django.utils.functional import cached_property

from .email_addresses import LONGEST, validate_address
from .email_field import EmailAddressField
from .row_loading import SentAsArrays, is_written_for_this_django, load_quickly
from .sealing import BODY_STARTS, HEADER_BYTES, OVERHEAD, Openers, Place, SealedBytes, open_with, openers_of, seal
from .validators import validate_no_card_number

HEADER, NONCE, BODY = slice(HEADER_BYTES), slice(HEADER_BYTES, BODY_STARTS), slice(BODY_STARTS, None)


BeforeSeal = Callable[["SealedField", Any], None]
_before_seal: list[BeforeSeal] = []


def before_seal(check: BeforeSeal) -> BeforeSeal:
    """Registers a function that is called with each field and value before sealing. It can prevent storing the value by
    raising an exception. Register it in `AppConfig.ready`.
    """
    _before_seal.append(check)
    return check


def check_before_seal(field: SealedField, value: Any) -> None:
    for check in _before_seal:
        check(field, value)


class PlaintextRefused(TypeError):
    """Refuses to pass the clear text of a sealed field to the database."""


class UnsealedValue:
    """An assigned value that isn't sealed yet. Can't be pickled, so that it doesn't end up in a cache or session."""

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value

    def __repr__(self) -> str:
        return "<not sealed yet>"

    def __deepcopy__(self, memo: Any) -> UnsealedValue:
        return self

    def __reduce__(self) -> Any:
        raise PlaintextRefused("a row with unsealed values is not pickled: it would lie readable in a cache or a file")


class SealedAttribute(DeferredAttribute):
    """Opens the stored bytes on reading; keeps assigned values until the row is saved.

    The row's `__dict__` contains None, a `UnsealedValue`, or the value from the database, which is always opened, so
    that clear text injected into the database is never returned as a value.
    """

    field: SealedField

    def __init__(self, field: SealedField) -> None:
        super().__init__(field)
        self.name, self.decode_value = field.attname, field.decode_value

    @cached_property
    def key(self) -> str:
        return self.field.model._meta.pk.attname

    @cached_property
    def openers(self) -> Openers:
        return self.field.openers

    def __get__(self, instance: models.Model | None, cls: type[models.Model] | None = None) -> Any:
        if instance is None:
            return self
        values = instance.__dict__
        try:
            value = values[self.name]
        except KeyError:
            super().__get__(instance, cls)  # fetches it
            value = values[self.name]
        if type(value) is bytes:
            # `field.open` inlined, because lists with sealed columns spend their time here (`make bench`).
            try:
                decrypt, bound_to = self.openers[value[HEADER]]
                data = decrypt(value[NONCE], value[BODY], bound_to + values[self.key].int.to_bytes(16))
            except Exception:
                return self.field.open(value, instance)  # says what is wrong
            return self.decode_value(data)
        if value is None:
            return None
        return value.value if type(value) is UnsealedValue else self.field.open(value, instance)

    def __set__(self, instance: models.Model, value: Any) -> None:
        instance.__dict__[self.name] = None if value is None else UnsealedValue(value)

    def fetch_many(self, instances: Iterable[models.Model]) -> None:
        """Fetches a deferred field of many rows, for `FETCH_PEERS` of Django 6.1, which would assign stored bytes."""
        rows = [row for row in instances if self.name not in row.__dict__]
        peers = type(rows[0])._base_manager.using(rows[0]._state.db).only(self.name)
        fetched = peers.in_bulk([row.pk for row in rows])
        for row in rows:
            if row.pk in fetched:
                row.__dict__[self.name] = fetched[row.pk].__dict__[self.name]


_django_from_db: Any = vars(models.Model)["from_db"].__func__


def load_row(
    cls: type[models.Model], /, db: str | None, field_names: Sequence[str], values: Sequence[Any], **options: Any
) -> models.Model:
    """`Model.from_db` for models with sealed fields, so that stored bytes aren't mistaken for assigned values.

    Django first treats the sealed fields as deferred; then they get their stored bytes.
    """
    loaded = dict(zip(field_names, values, strict=True))
    sealed = {field.attname for field in cls._meta.concrete_fields if isinstance(field, SealedField)}
    stored = {name: loaded.pop(name) for name in sealed & loaded.keys()}
    row: models.Model = _django_from_db(cls, db, list(loaded), list(loaded.values()), **options)
    row.__dict__.update(stored)
    return row


class SealedField(SentAsArrays, models.BinaryField[Any, Any]):
    """The base of the sealed fields. Subclasses convert values to bytes and back.

    A value is bound to its table, column and primary key, which therefore must be a UUID generated by the client
    (`SealedModel`).
    """

    descriptor_class = SealedAttribute
    empty_strings_allowed = True
    rotates_with_key_ring = True  # rotate_keys rewrites it

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("editable", True)  # BinaryField's default would keep it out of forms
        super().__init__(*args, **kwargs)

    def deconstruct(self) -> tuple[str, str, Any, Any]:
        name, path, args, kwargs = super().deconstruct()
        kwargs.pop("editable", None)
        if callable(kwargs.get("default")):  # of no use to a migration, as in computed_fields.py
            del kwargs["default"]
        if not self.editable:
            kwargs["editable"] = False
        return name, path, args, kwargs

    # --- bytes and values ---

    def encode_value(self, value: Any) -> bytes:
        raise NotImplementedError

    def decode_value(self, data: bytes) -> Any:
        raise NotImplementedError

    @cached_property
    def place(self) -> Place:
        return Place(self.model._meta.db_table, str(self.column))

    def seal(self, value: Any, instance: models.Model) -> SealedBytes:
        return seal(self.encode_value(value), place=self.place, row=row_of(instance))

    def open(self, sealed: bytes, instance: models.Model) -> Any:
        """Opens a stored value. Raises `SealBroken` or `UnknownKey`; never returns None instead."""
        return self.decode_value(open_with(self.openers, _as_bytes(sealed), row_of(instance)))

    def reencrypted(self, row: models.Model) -> bytes:
        """The row's value, re-encrypted with the primary key."""
        return self.seal(getattr(row, self.attname), row)

    @cached_property
    def openers(self) -> Openers:
        return openers_of(self.place)

    def contribute_to_class(self, cls: Any, name: str, private_only: bool = False) -> None:
        super().contribute_to_class(cls, name, private_only)
        if "from_db" in cls.__dict__ and cls.from_db.__func__ not in (load_row, load_quickly):
            raise TypeError(f"{cls.__name__} has sealed fields, which bring a from_db: it can't have its own")
        cls.from_db = classmethod(load_quickly if is_written_for_this_django() else load_row)

    def get_default(self) -> Any:
        return models.Field.get_default(self)  # BinaryField would make b"" of an empty default

    # --- to and from the database ---

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:
        """The assigned value sealed for this row, or the stored bytes if it is unmodified."""
        value = model_instance.__dict__.get(self.attname)
        if value is None:
            return None
        if type(value) is UnsealedValue:
            check_before_seal(self, value.value)
            return self.seal(value.value, model_instance)
        self.open(value, model_instance)  # a row copied to another primary key must not contain values that don't open
        return SealedBytes(value)

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        if value is None:
            return None
        if type(value) is not SealedBytes:
            raise PlaintextRefused(
                f"{self.model._meta.label}.{self.name} is sealed per row: set it on an instance and save that"
            )
        return super().get_db_prep_value(bytes(value), connection, prepared)

    def get_db_prep_save(self, value: Any, connection: Any) -> Any:
        """Called for every written value, including expressions, which no other method sees."""
        if hasattr(value, "as_sql"):
            raise PlaintextRefused(
                f"{self.model._meta.label}.{self.name} is sealed per row: the database can't compute it"
            )
        return super().get_db_prep_save(value, connection)

    def db_check(self, connection: Any) -> str:
        """A database constraint that rejects values without the format of sealed ones."""
        name = connection.ops.quote_name(self.column)
        if connection.vendor == "sqlite":
            # No space after commas: Django's introspection of SQLite would split the column's definition there.
            shape = f"typeof({name}) = 'blob' AND length({name}) >= {OVERHEAD} AND hex(substr({name},1,1)) = '01'"
            return f"{name} IS NULL OR ({shape})"
        return f"octet_length({name}) >= {OVERHEAD} AND substring({name} FROM 1 FOR 1) = '\\x01'::bytea"

    def get_lookup(self, lookup_name: str) -> Any:
        if lookup_name == "isnull":
            return super().get_lookup(lookup_name)
        raise FieldError(
            f"{self.model._meta.label}.{self.name} is sealed and can't be compared in the database; "
            f"search through its blind index instead."
        )

    def get_transform(self, lookup_name: str) -> Any:
        return None

    # --- forms, fixtures, checks ---

    def value_to_string(self, obj: models.Model) -> str:
        raise PlaintextRefused(f"{self.model._meta.label}.{self.name} is sealed: it is not written to fixtures")

    def to_python(self, value: Any) -> Any:
        return value

    def check(self, **kwargs: Any) -> list[checks.CheckMessage]:
        return [*super().check(**kwargs), *self._check_primary_key(), *self._check_listeners()]

    def _check_listeners(self) -> list[checks.CheckMessage]:
        """Rows are loaded without the signals of `__init__` (ADR 7), so there must be no receivers."""
        if not pre_init.has_listeners(self.model) and not post_init.has_listeners(self.model):
            return []
        return [
            checks.Error(
                "A model with sealed fields does not send pre_init and post_init, and something listens to them.",
                hint="Listen to post_save, or do the work in a method.",
                obj=self,
                id="privacy.E002",
            )
        ]

    def _check_primary_key(self) -> list[checks.CheckMessage]:
        primary_key = self.model._meta.pk
        if isinstance(primary_key, models.UUIDField) and primary_key.has_default():
            return []
        return [
            checks.Error(
                "A model with sealed fields needs a UUID primary key that is made before the row is written.",
                hint="Inherit from privacy.models.SealedModel.",
                obj=self,
                id="privacy.E001",
            )
        ]


class SealedTextField(SealedField):
    """Text. Forms and `full_clean()` check `max_length` in characters, and reject card numbers."""

    empty_values = list(validators.EMPTY_VALUES)  # BinaryField's doesn't include empty text

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # BinaryField counts bytes of the stored value; count characters of the clear text instead.
        self.validators = [v for v in self.validators if not isinstance(v, validators.MaxLengthValidator)]
        self.validators.append(validators.ProhibitNullCharactersValidator())
        self.validators.append(validate_no_card_number)
        if self.max_length is not None:
            self.validators.append(validators.MaxLengthValidator(self.max_length))

    def encode_value(self, value: Any) -> bytes:
        if not isinstance(value, str):
            raise TypeError(f"{self.model._meta.label}.{self.name} takes text")
        return value.encode()

    decode_value = staticmethod(bytes.decode)  # type: ignore[assignment]  # a builtin, called without a frame of its own

    def formfield(self, **kwargs: Any) -> forms.Field | None:
        multiline = self.max_length is None or self.max_length > 300
        defaults: dict[str, Any] = {"form_class": forms.CharField, "max_length": self.max_length}
        if multiline:
            defaults["widget"] = forms.Textarea
        return models.Field.formfield(self, **{**defaults, **kwargs})


class SealedEmailField(SealedTextField):
    """An email address as its owner typed it. Add a `BlindIndexField` to look it up."""

    default_validators = [validate_address]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("max_length", LONGEST)
        super().__init__(*args, **kwargs)

    def formfield(self, **kwargs: Any) -> forms.Field | None:
        return super().formfield(**{"form_class": EmailAddressField, **kwargs})


class SealedBinaryField(SealedField):
    """Bytes, such as an archive."""

    empty_strings_allowed = False

    def encode_value(self, value: Any) -> bytes:
        if not isinstance(value, (bytes, bytearray, memoryview)):  # bytes(5) would be five zeros
            raise TypeError(f"{self.model._meta.label}.{self.name} takes bytes")
        return bytes(value)

    def decode_value(self, data: bytes) -> bytes:
        return data


def _as_bytes(stored: Any) -> bytes:
    """Bytes of a stored value. SQLite may return injected text or numbers, which then don't open."""
    return bytes(stored) if isinstance(stored, (bytes, memoryview)) else str(stored).encode()


def row_of(instance: models.Model) -> bytes:
    """The bytes that identify a row: its UUID."""
    primary_key = instance.pk
    if not isinstance(primary_key, UUID):
        raise PlaintextRefused(f"a {instance._meta.label} has no UUID yet, so nothing can be sealed for it")
    return primary_key.bytes
