"""May this process start? Asked by the site, the worker and housekeeping; a few short queries."""

from __future__ import annotations

from django.db import connections

from privacy.consent.opt_out_backup import lost_opt_outs
from privacy.keystore.day_keys import check_key_store
from privacy.keystore.root_keys import WrongKeys, note_root_keys

from .tombstones import not_applied


class NotReady(RuntimeError):
    """The databases are not as they have to be; the text says what is wrong and what to do."""


def require_ready() -> None:
    """Raises `NotReady` when the keys are not those of this database, when the key store can't be used, or when the
    main database is a restored one in which people who were erased are still to be found."""
    try:
        note_root_keys()
        check_key_store()
        missing, lost = not_applied(), lost_opt_outs()
    except WrongKeys as wrong:
        raise NotReady(f"ENCRYPTION_KEYS: {wrong}") from None
    except Exception as error:
        reason = f"{type(error).__name__}: {error}"
        raise NotReady(
            f"The databases can't be used ({reason}). Is KEYSTORE_URL right, and is all migrated?"
        ) from error
    if missing:
        raise NotReady(
            f"This database is older than {len(missing)} erasures: it was restored from a backup, and holds people who"
            " were deleted since. Run `manage.py restore_check` first; it deletes them again."
        )
    if lost:
        raise NotReady(
            f"This database is older than {len(lost)} opt-outs: it was restored from a backup, and would let people be"
            " written to who want to be left alone. Run `manage.py restore_check` first; it writes them down again."
        )


def require_ready_to_fork() -> None:
    """The same, for a process that may fork afterwards: no connection is left open."""
    try:
        require_ready()
    finally:
        connections.close_all()
