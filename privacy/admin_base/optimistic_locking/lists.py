"""Bulk actions: a list says what it showed of each row, and rows that changed since are left out of an action.

Only a digest of each row is carried, because a list names no differences: staff look at the row instead.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from django.core import signing
from django.core.exceptions import SuspiciousOperation
from django.http import HttpRequest
from django.utils import timezone

from .changed_by import changed_by
from .snapshot import Watched

FIELD = "seen_list"  # the hidden field of a list's form
SALT = "privacy.list_locking"
SELECTED = "_selected_action"  # Django's name of the checkboxes


@dataclass(frozen=True)
class SeenList:
    """The rows that a list showed: primary key → digest."""

    at: datetime
    rows: dict[str, str]

    @classmethod
    def unpack(cls, token: str) -> SeenList:
        """Raises `SuspiciousOperation` (400) for an invalid token."""
        try:
            at, rows = signing.loads(token, salt=SALT)
        except signing.BadSignature:
            raise SuspiciousOperation("the list's optimistic-locking token is invalid") from None
        return cls(datetime.fromisoformat(at), rows)

    def has_changed(self, watched: Watched, request: HttpRequest) -> bool:
        """Changes by the same user alone don't count: another window, or a step before."""
        before = self.rows.get(str(watched.row.pk))
        if before is None or before == digest(watched):
            return False
        return [user.pk for user in changed_by(watched.row, self.at)] != [request.user.pk]


def pack_list(watched: Iterable[Watched]) -> str:
    rows = {str(each.row.pk): digest(each) for each in watched}
    return signing.dumps((timezone.now().isoformat(), rows), salt=SALT, compress=True)


def digest(watched: Watched) -> str:
    hashes = "".join(value[0] for value in watched.values.values())
    return sha256(hashes.encode()).hexdigest()[:16]


def without(request: HttpRequest, keys: set[str]) -> None:
    """Takes rows out of the selection that the request has sent."""
    data: Any = request.POST.copy()
    data.setlist(SELECTED, [key for key in data.getlist(SELECTED) if key not in keys])
    request.POST = data
