"""Requests of people: from the form, over the confirmation link, to the answer.

What the browser is told never depends on whether the address is known. Nothing happens before the person who reads the
address's mail has confirmed with a button (mail scanners follow links, they press no buttons).
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction

from .access import build_archive
from .erasure import ErasureLine, erase_person
from .links import digest_of, new_link_token
from .mail import queue_mail
from .mails import REQUEST_CONFIRMATION
from .models import AccessArchive, PrivacyRequest, Suppression
from .purposes import Channel

LINK_LIFE = timedelta(days=7)
ARCHIVE_LIFE = timedelta(days=7)
ANSWER_WITHIN = timedelta(days=45)  # 11 CCR 7021: calendar days from receipt
RECORD_LIFE = timedelta(days=730)  # 11 CCR 7101: records of requests are kept 24 months
LINKS_PER_DAY = 3  # an address is not flooded with links by somebody else

Kind = PrivacyRequest.Kind
State = PrivacyRequest.State


@transaction.atomic
def receive_request(*, email: str, kind: str, details: str, now: datetime) -> None:
    """Stores the request and mails the link, unless the address has had its links for today."""
    if (
        PrivacyRequest.objects.filter(email_index=email, received_at__gt=now - timedelta(days=1)).count()
        >= LINKS_PER_DAY
    ):
        return
    token = new_link_token()
    request = PrivacyRequest.objects.create(
        email=email,
        kind=kind,
        details=details,
        received_at=now,
        link_digest=digest_of(token),
        link_expires_at=now + LINK_LIFE,
        keep_until=now + LINK_LIFE,
    )
    queue_mail(REQUEST_CONFIRMATION, to=email, about=request, context={"token": token})


def request_behind(token: str, *, now: datetime) -> PrivacyRequest | None:
    """The request that waits for this link, or None when it is unknown, expired or used."""
    return PrivacyRequest.objects.awaiting_confirmation(now).filter(link_digest=digest_of(token)).first()


@transaction.atomic
def confirm_request(*, token: str, now: datetime) -> PrivacyRequest | None:
    """Uses the link up. None when it was not there to be used, also when two clicks race."""
    used = (
        PrivacyRequest.objects.awaiting_confirmation(now)
        .filter(link_digest=digest_of(token))
        .update(
            state=State.CONFIRMED,
            confirmed_at=now,
            link_expires_at=now,
            keep_until=now + RECORD_LIFE,
        )
    )
    if not used:
        return None
    request = PrivacyRequest.objects.select_for_update().get(link_digest=digest_of(token))
    request.due_at = request.received_at + ANSWER_WITHIN
    request.save(update_fields=["due_at"])
    return request


@transaction.atomic
def answer_with_archive(*, request: PrivacyRequest, now: datetime) -> str:
    """Makes the archive and returns the token of the link that fetches it."""
    token = new_link_token()
    _mark_answered(request, now)
    AccessArchive.objects.create(
        request=request,
        content=build_archive(email=request.email, now=now),
        link_digest=digest_of(token),
        expires_at=now + ARCHIVE_LIFE,
    )
    return token


@transaction.atomic
def answer_with_deletion(*, request: PrivacyRequest, now: datetime) -> list[ErasureLine]:
    """Erases the person. The record of the request itself stays, without the address."""
    _mark_answered(request, now)
    return erase_person(email=request.email)


@transaction.atomic
def answer_with_opt_out(*, request: PrivacyRequest, now: datetime) -> None:
    for channel in Channel:
        _suppress(request.email, channel)
    _mark_answered(request, now)


def _suppress(email: str, channel: Channel) -> None:
    Suppression.objects.get_or_create(email_index=email, channel=channel)


def _mark_answered(request: PrivacyRequest, now: datetime) -> None:
    request.state, request.answered_at = State.ANSWERED, now
    request.save(update_fields=["state", "answered_at"])


def archive_behind(token: str, *, now: datetime) -> AccessArchive | None:
    return AccessArchive.objects.live(now).filter(link_digest=digest_of(token)).first()
