"""Model fields sealed with a day key."""

from __future__ import annotations

from typing import Any

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.db import models
from django.utils import timezone
from django.utils.functional import cached_property

from privacy.encryption.fields import SealedAttribute, SealedTextField, row_of
from privacy.encryption.keys import RootKey
from privacy.encryption.sealing import Opener, Openers, SealedBytes, fleeting_cipher, seal
from privacy.registry.purpose_binding import require_purpose

from .day_keys import key_of, key_with_id, keys_in_use


class PurposeBoundAttribute(SealedAttribute):
    """Opens only for code that acts for its table's purpose (`privacy.registry.purpose_binding`)."""

    def __get__(self, instance: models.Model | None, cls: type[models.Model] | None = None) -> Any:
        if instance is not None:
            require_purpose(self.field.model._meta.db_table, self.field.attname)
        return super().__get__(instance, cls)


class DaySealedTextField(SealedTextField):
    """Text that becomes unreadable 30 days after `day_of`, a date-time field of the same row.

    Reading it then raises `KeyDestroyed`; before that, `PurposeNotAllowed` for code that is not a declared reader.
    Writing it for a day whose key was destroyed raises `DayKeyExpired`.
    """

    descriptor_class = PurposeBoundAttribute
    rotates_with_key_ring = False  # its key is destroyed, not rotated

    def __init__(self, *args: Any, day_of: str, **kwargs: Any) -> None:
        self.day_of = day_of
        super().__init__(*args, **kwargs)

    def deconstruct(self) -> tuple[str, str, Any, Any]:
        name, path, args, kwargs = super().deconstruct()
        return name, path, args, {**kwargs, "day_of": self.day_of}

    def seal(self, value: Any, instance: models.Model) -> SealedBytes:
        day = getattr(instance, self.day_of).date()
        root = key_of(day, now=timezone.now())
        return seal(self.encode_value(value), place=self.place, row=row_of(instance), root=root)

    @cached_property
    def openers(self) -> Openers:
        return DayOpeners(self.place, lambda key_id: key_with_id(key_id, now=timezone.now()))


class DayOpeners(Openers):
    """Caches nothing beyond `one_use`: each use checks that the day key still exists, and discards it afterward."""

    def __missing__(self, header: bytes) -> Opener:
        known = keys_in_use()
        return (known and known.openers.get((self.place, header))) or super().__missing__(header)

    def cipher(self, root: RootKey) -> AESGCM:
        return fleeting_cipher(root, self.place)

    def __setitem__(self, header: bytes, opener: Opener) -> None:
        if known := keys_in_use():
            known.openers[self.place, header] = opener
