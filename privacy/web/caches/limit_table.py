"""A cache in a table of the main database. Failed writes raise `DatabaseError`; Django's own backend hides them."""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Collection, Iterable, Mapping
from datetime import timedelta
from typing import Any

from django.core.cache.backends.base import DEFAULT_TIMEOUT, BaseCache
from django.db import IntegrityError, models, router, transaction
from django.utils import timezone

from privacy.models.limit_slot import LimitSlot


class LimitTable(BaseCache):
    """Stores bytes, each for a number of seconds. A name may be added again once its expired row is purged."""

    def __init__(self, location: str, params: dict[str, Any]) -> None:
        super().__init__(params)

    def add(self, key: str, value: bytes, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> bool:
        return self.add_all({key: (value, timeout)}, version)

    def add_all(self, entries: Mapping[str, tuple[bytes, Any]], version: int | None = None) -> bool:
        """Adds each value with its timeout, in one statement; False, and adds none, if one of the names is taken."""
        rows = [
            LimitSlot(cache_key=self._name(key, version), value=b64encode(value).decode(), expires=self._end(timeout))
            for key, (value, timeout) in entries.items()
        ]
        try:
            # A savepoint within a transaction, which a name that is taken would otherwise end on PostgreSQL.
            with transaction.atomic(using=router.db_for_write(LimitSlot)):
                LimitSlot.objects.bulk_create(rows)
        except IntegrityError:
            return False
        return True

    def get(self, key: str, default: Any = None, version: int | None = None) -> Any:
        found = self._unexpired([self._name(key, version)]).values_list("value", flat=True).first()
        return default if found is None else b64decode(found)

    def get_many(self, keys: Iterable[str], version: int | None = None) -> dict[str, Any]:
        names = {self._name(key, version): key for key in keys}
        rows = self._unexpired(names).values_list("cache_key", "value")
        return {names[name]: b64decode(value) for name, value in rows}

    def set(self, key: str, value: bytes, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> None:
        stored = {"value": b64encode(value).decode(), "expires": self._end(timeout)}
        LimitSlot.objects.update_or_create(cache_key=self._name(key, version), defaults=stored)

    def delete(self, key: str, version: int | None = None) -> bool:
        return bool(LimitSlot.objects.filter(cache_key=self._name(key, version)).delete()[0])

    def clear(self) -> None:
        LimitSlot.objects.all().delete()

    def _name(self, key: str, version: int | None) -> str:
        return self.make_and_validate_key(key, version=version)

    def _end(self, timeout: Any) -> Any:
        seconds = self.default_timeout or 0 if timeout is DEFAULT_TIMEOUT else timeout
        return timezone.now() + timedelta(seconds=seconds)

    def _unexpired(self, names: Collection[str]) -> models.QuerySet[LimitSlot]:
        return LimitSlot.objects.filter(cache_key__in=names, expires__gt=timezone.now())
