"""Confirming requests with the mailed link: a page with all pending requests for the address, and a button per kind.

Nothing happens until the person presses a button, because mail scanners follow links. Each kind is confirmed once, no
matter how many requests or clicks there are; coming back leads to the same result, whose token is derived from the
mailed one.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import models, transaction

from privacy.encryption.tokens import derive_token, hash_token

from ..models import PrivacyRequest
from .base import Identity, Kind, State, audited, close
from .intake import set_deadlines


@dataclass(frozen=True)
class MailedLink:
    """A mailed confirmation link and the request it belongs to."""

    token: str
    request: PrivacyRequest

    def is_live(self, now: datetime) -> bool:
        """Whether the link is valid. Not if the person was erased since, because the request has no address then."""
        expires_at = self.request.link_expires_at
        return self.request.email is not None and expires_at is not None and now < expires_at

    def waiting(self, now: datetime) -> list[PrivacyRequest]:
        """Requests that can be confirmed with the link now, oldest first."""
        return list(self._waiting(now)) if self.is_live(now) else []

    def waits_for(self, kind: str, now: datetime) -> PrivacyRequest | None:
        """The first request of this kind that can be confirmed now."""
        return next((request for request in self.waiting(now) if request.kind == kind), None)

    def _waiting(self, now: datetime) -> models.QuerySet[PrivacyRequest]:
        waiting = PrivacyRequest.objects.awaiting_confirmation(now).of_address(str(self.request.fingerprint))
        return waiting.order_by("received_at", "pk")

    def confirmed(self, kind: str) -> PrivacyRequest | None:
        """The latest request of this kind that was confirmed with a link to the same address."""
        same = PrivacyRequest.objects.of_address(str(self.request.fingerprint)).filter(kind=kind)
        by_link = same.filter(identity=Identity.LINK, confirmed_at__isnull=False)
        return by_link.order_by("-confirmed_at", "received_at", "pk").first()

    def token_for(self, request: PrivacyRequest) -> str:
        """The token of the page with this request's answer."""
        return derive_token(self.token, request.pk)

    @transaction.atomic
    def confirm(self, kind: str, *, now: datetime) -> PrivacyRequest | None:
        """Confirms all pending requests of this kind and returns the first; None if there are none, also for the second
        of two concurrent clicks. One answer serves all of them.

        The next page serves as the acknowledgment; the answer adds the audit entry.
        """
        if not self.is_live(now):
            return None
        waiting = [r for r in self._waiting(now).select_for_update(of=("self",)) if r.kind == kind]
        for request in waiting:
            _confirm(request, now)
        for repeated in waiting[1:]:
            if not _is_for_staff(repeated):
                close(repeated, now=now, actor=None)
                audited("answered", repeated, None)
        return waiting[0] if waiting else None


def mailed_link(token: str) -> MailedLink | None:
    request = PrivacyRequest.objects.filter(link_digest=hash_token(token)).first()
    return MailedLink(token, request) if request else None


def _confirm(request: PrivacyRequest, now: datetime) -> None:
    request.confirmed_at, request.identity = now, Identity.LINK
    if request.state == State.UNCONFIRMED:
        request.state, request.acknowledged_at = State.CONFIRMED, now
        set_deadlines(request)
    changed = ["state", "confirmed_at", "acknowledged_at", "identity", "acknowledge_by", "due_at", "keep_until"]
    request.save(update_fields=changed)


def _is_for_staff(request: PrivacyRequest) -> bool:
    """Whether staff have to answer: complaints, and corrections with details."""
    return request.kind == Kind.COMPLAINT or (request.kind == Kind.CORRECTION and bool(request.details))


@transaction.atomic
def leave_to_staff(*, request: PrivacyRequest) -> None:
    """Leaves the confirmed request to staff."""
    audited("confirmed", request, None)
