"""The database router: models of this app go to the key store, all others don't."""

from __future__ import annotations

from typing import Any

ALIAS = "keystore"


class KeyStoreRouter:
    def db_for_read(self, model: Any, **hints: Any) -> str | None:
        return ALIAS if model._meta.app_label == ALIAS else None

    db_for_write = db_for_read

    def allow_migrate(self, db: str, app_label: str, **hints: Any) -> bool:
        return (app_label == ALIAS) == (db == ALIAS)
