"""Checks at start-up that `ENCRYPTION_KEYS` contains the root keys that this database was sealed with.

The main database contains a known text sealed with each root key it needs. A process whose key ring lacks one of them,
or has another secret under its ID, refuses to start. Otherwise the site would answer some people with 500, tell others
that nothing is stored about them, and seal new data with the wrong keys.

A key is recorded before it seals anything, the first time it is the primary key. `rotate_keys` removes the records of
older keys once no value needs them.
"""

from __future__ import annotations

from typing import Any

from django.db import connections, router, transaction

from privacy.encryption.fields import SealedField
from privacy.encryption.keys import RootKey, UnknownKey, key_ring
from privacy.encryption.rotation import columns
from privacy.encryption.sealing import Place, SealBroken, seal, unseal
from privacy.models import KeyCheck

_PLACE = Place("privacy_keycheck", "sealed", use="check")
_TEXT = b"sealed by the root key that this database needs"


class WrongKeys(RuntimeError):
    """The key ring doesn't match this database. The message names the key by its ID."""


def check_root_keys() -> None:
    """Raises `WrongKeys`. One query."""
    for known in KeyCheck.objects.all():
        _require(known)


def note_root_keys() -> None:
    """Checks the key ring, and records its primary key if it is new. Raises `WrongKeys`."""
    check_root_keys()
    if not KeyCheck.objects.filter(pk=key_ring().primary.id.hex()).exists():
        _note()


@transaction.atomic
def _note() -> None:
    """Records keys under a lock: if two machines start with a new database and different keys, the second is
    refused."""
    alias = router.db_for_write(KeyCheck)
    if connections[alias].vendor == "postgresql":  # SQLite has one writer at a time anyway
        with connections[alias].cursor() as cursor:
            cursor.execute("LOCK TABLE privacy_keycheck IN EXCLUSIVE MODE")
    check_root_keys()
    ring = key_ring()
    if KeyCheck.objects.exists():
        _add(ring.primary)
        return
    _require_own_values(alias)
    for root in ring.keys:
        _add(root)


def forget_older_keys() -> None:
    """Removes records of older keys, once no value needs them. A process that still uses one records it again."""
    note_root_keys()
    KeyCheck.objects.exclude(pk=key_ring().primary.id.hex()).delete()


def note_keys_after_migrating(*, using: str, plan: Any = None, **_signal: Any) -> None:
    """Runs at the end of a `migrate` that applied migrations."""
    there = connections[using].introspection.table_names()
    if plan and using == router.db_for_write(KeyCheck) and KeyCheck._meta.db_table in there:
        note_root_keys()


def _add(root: RootKey) -> None:
    sealed = seal(_TEXT, place=_PLACE, row=root.id, root=root)
    KeyCheck.objects.get_or_create(key_id=root.id.hex(), defaults={"sealed": bytes(sealed)})


def _require(known: KeyCheck) -> None:
    try:
        unseal(bytes(known.sealed), place=_PLACE, row=bytes.fromhex(known.key_id))
    except UnknownKey:
        raise WrongKeys(
            f"The key {known.key_id} is missing: values in this database are sealed with it. Add it back after the"
            " primary key; `manage.py rotate_keys` makes it unnecessary."
        ) from None
    except SealBroken:
        raise WrongKeys(
            f"The key {known.key_id} is not the one that this database was sealed with: the ID matches, but the secret"
            " doesn't."
        ) from None


def _require_own_values(alias: str) -> None:
    """For a database without key records: one value of each column has to open."""
    for column in columns():
        if isinstance(column.field, SealedField) and router.db_for_write(column.model) == alias:
            rows = column.model._base_manager.filter(**{f"{column.field.name}__isnull": False})
            for row in rows.only("pk", column.field.name)[:1]:
                _require_to_open(str(column), row, column.field.attname)


def _require_to_open(column: str, row: Any, name: str) -> None:
    try:
        getattr(row, name)
    except (UnknownKey, SealBroken) as error:
        raise WrongKeys(f"The values of {column} don't open: {error}.") from None
