"""The session engine (`SESSION_ENGINE`): Django's interface over `accounts.Session`.

The columns (user, sign-in time, browser) are derived from the session's data on every save, so they can't diverge.
"""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta
from typing import Any

from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.base import CreateError, SessionBase, UpdateError
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.models.session import Session, ending, lifetimes
from privacy.encryption.keys import UnknownKey
from privacy.encryption.sealing import SealBroken

from .hashing import digest, digests

logger = logging.getLogger(__name__)

# Session keys set at sign-in.
BROWSER, IS_STAFF, SECOND_FACTOR, SIGNED_IN_AT = "browser", "is_staff", "second_factor", "signed_in_at"


class SessionStore(SessionBase):
    row: Session | None = None

    def exists(self, session_key: str) -> bool:
        return Session.objects.filter(pk__in=digests(session_key)).exists()

    def load(self) -> dict[str, Any]:
        """One query; once a minute, a second one updates `last_seen_at`."""
        now = timezone.now()
        row = Session.objects.live(now).filter(pk__in=digests(str(self.session_key))).first()
        try:
            data: dict[str, Any] = self.serializer().loads(row.data) if row else {}
        except (SealBroken, UnknownKey):
            logger.warning("session %s does not open", row and row.pk)
            row, data = None, {}
        if row is None:
            self._session_key = None
            return {}
        self.row = row
        row.seen(now)
        return data

    def create(self) -> None:
        while True:
            self._session_key = self._get_new_session_key()  # type: ignore[attr-defined]
            try:
                self.save(must_create=True)
            except CreateError:
                continue
            self.modified = True
            return

    def save(self, must_create: bool = False) -> None:
        """Raises `CreateError` if the key is taken, `UpdateError` if the session was ended meanwhile."""
        if self.session_key is None:
            return self.create()
        data: dict[str, Any] = self._get_session(no_load=must_create)  # type: ignore[attr-defined]  # missing in the stubs
        if must_create:
            self.row = self._insert(data)
        elif self.row is None:
            self.create()  # the session named by the cookie is gone
        else:
            self._update(self.row, data)

    def _insert(self, data: dict[str, Any]) -> Session:
        row = Session(pk=digest(str(self.session_key)), data=self.serializer().dumps(data), **_columns(data))
        try:
            with transaction.atomic():
                row.save(force_insert=True)
        except IntegrityError:
            raise CreateError from None
        return row

    def _update(self, row: Session, data: dict[str, Any]) -> None:
        columns = _columns(data)
        columns["browser"] = row.sealed("browser", columns["browser"]) if columns["browser"] else None
        sealed = row.sealed("data", self.serializer().dumps(data))
        if not Session.objects.filter(pk=row.pk).update(data=sealed, **columns):
            raise UpdateError

    def delete(self, session_key: str | None = None) -> None:
        session_key = session_key or self.session_key
        if session_key is not None:
            Session.objects.filter(pk__in=digests(session_key)).delete()

    @classmethod
    def clear_expired(cls) -> None:
        Session.objects.expired(timezone.now()).delete()

    def get_expiry_age(self, **kwargs: Any) -> int:
        """The cookie's lifetime in seconds: the maximum. An idle session expires earlier, in the database."""
        signed_in_at = _moment(self.get(SIGNED_IN_AT))
        if signed_in_at is None:
            return super().get_expiry_age(**kwargs)
        end = signed_in_at + lifetimes(is_staff=bool(self.get(IS_STAFF)))[1]
        return max(0, int((end - timezone.now()) / timedelta(seconds=1)))


def _columns(data: dict[str, Any]) -> dict[str, Any]:
    """Column values for a session with this data, seen now."""
    now, signed_in_at, is_staff = timezone.now(), _moment(data.get(SIGNED_IN_AT)), bool(data.get(IS_STAFF))
    return {
        "user_id": data.get(SESSION_KEY),
        "browser": data.get(BROWSER),
        "is_staff": is_staff,
        "second_factor": bool(data.get(SECOND_FACTOR)),
        "signed_in_at": signed_in_at,
        "last_seen_at": now,
        "expires_at": ending(seen=now, signed_in_at=signed_in_at, is_staff=is_staff),
    }


def _moment(seconds: int | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)
