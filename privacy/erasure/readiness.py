"""Start-up check of the site, the worker and housekeeping: migrations are applied, keys match, the key store works, and
no restore is pending."""

from __future__ import annotations

from django.db import connections

from privacy.consent.opt_out_backup import lost_opt_outs
from privacy.databases.aliases import own_aliases
from privacy.databases.migrations import pending_migrations
from privacy.databases.outages import is_misconfigured, is_outage
from privacy.keystore.day_keys import check_key_store
from privacy.keystore.root_keys import WrongKeys, note_root_keys
from privacy.web.caches.availability import log_cache_at_start

from .restored import is_restore_pending
from .tombstones import missing_erasures


class NotReady(RuntimeError):
    """The process must not start; the text says what is wrong and what to do."""


def require_ready() -> None:
    """Raises `NotReady` if migrations are not applied, if the keys don't match this database, if the key store can't be
    used, or if the main database was restored and still contains erased people or lacks opt-outs. A few short queries.
    A database that can't be used for a while raises its own error, which `through_outages` understands. Without its
    Redis the site starts, and the log says so."""
    try:
        for alias in own_aliases():
            if count := pending_migrations(alias):
                raise NotReady(
                    f"The database {alias} lacks {count} migrations of this version. Make a backup, then run"
                    f" `manage.py migrate --database {alias}`."
                )
        note_root_keys()
        check_key_store()
        missing, lost, pending = missing_erasures(), lost_opt_outs(), is_restore_pending()
    except NotReady:
        raise
    except WrongKeys as wrong:
        raise NotReady(f"ENCRYPTION_KEYS: {wrong}") from None
    except Exception as error:
        if is_outage(error) and not is_misconfigured(error):
            raise
        reason = f"{type(error).__name__}: {error}"
        raise NotReady(
            f"The databases can't be used ({reason}). Check KEYSTORE_URL, and that all migrations are applied."
        ) from error
    if missing:
        raise NotReady(
            f"This database was restored from a backup and lacks {len(missing)} erasures. Run `manage.py restore_check`"
            " first to repeat them."
        )
    if lost:
        raise NotReady(
            f"This database was restored from a backup and lacks {len(lost)} opt-outs. Run `manage.py restore_check`"
            " first to restore them."
        )
    if pending:
        raise NotReady("This database was restored, and not checked since. Run `manage.py restore_check` first.")
    log_cache_at_start()


def require_ready_to_fork() -> None:
    """Like `require_ready`, for a process that forks afterward: leaves no connection open."""
    try:
        require_ready()
    finally:
        connections.close_all()
