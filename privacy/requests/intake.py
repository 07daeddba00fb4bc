"""The ways in: the page, whose link has to be confirmed, and what staff write down.

Nothing happens before the person who reads the address's mail has confirmed with a button (mail scanners follow links,
they press no buttons).
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import transaction

from ..deadlines import deadlines_of
from ..links import digest_of, new_link_token
from ..mail import queue_mail
from ..mails import REQUEST_CONFIRMATION
from ..models import PrivacyRequest
from .steps import RECORD_LIFE, State, audited

LINK_LIFE = timedelta(days=7)
LINKS_PER_DAY = 3  # an address is not flooded with links by somebody else

Identity = PrivacyRequest.Identity


@transaction.atomic
def receive_request(*, email: str, kind: str, details: str, now: datetime, phone: str = "") -> None:
    """Stores the request and mails the link, unless the address has had its links for today."""
    links = PrivacyRequest.objects.filter(
        email_index=email, received_at__gt=now - timedelta(days=1), channel=PrivacyRequest.Way.PAGE
    )
    if links.count() >= LINKS_PER_DAY:
        return
    token = new_link_token()
    request = PrivacyRequest.objects.create(
        email=email,
        kind=kind,
        details=details,
        phone=phone or None,
        received_at=now,
        link_digest=digest_of(token),
        link_expires_at=now + LINK_LIFE,
        keep_until=now + LINK_LIFE,
    )
    queue_mail(REQUEST_CONFIRMATION, to=email, about=request, context={"token": token})


def request_behind(token: str, *, now: datetime) -> PrivacyRequest | None:
    """The request that waits for this link, or None when it is unknown, expired or used."""
    return PrivacyRequest.objects.awaiting_confirmation(now).filter(link_digest=digest_of(token)).first()


def why_link_is_over(token: str) -> dict[str, str]:
    """What to tell whoever holds a link that is over: `why` (used, expired, unknown), and the `kind` it was for."""
    request = PrivacyRequest.objects.filter(link_digest=digest_of(token)).first()
    if request is None:
        return {"why": "unknown", "kind": ""}
    return {"why": "expired" if request.state == State.UNCONFIRMED else "used", "kind": request.kind}


@transaction.atomic
def confirm_request(*, token: str, now: datetime) -> PrivacyRequest | None:
    """Uses the link up and starts the clock, from receipt. None when the link was not there to be used, also when two
    clicks race. The page that follows is the acknowledgement, and what makes it writes the entry in the audit."""
    used = (
        PrivacyRequest.objects.awaiting_confirmation(now)
        .filter(link_digest=digest_of(token))
        .update(state=State.CONFIRMED, confirmed_at=now, acknowledged_at=now, link_expires_at=now)
    )
    if not used:
        return None
    request = PrivacyRequest.objects.get(link_digest=digest_of(token))
    request.identity = Identity.LINK
    _start_clock(request, "identity")
    return request


@transaction.atomic
def leave_open(*, request: PrivacyRequest) -> None:
    """The confirmed request waits for staff."""
    audited("confirmed", request, None)


@transaction.atomic
def record_request(*, request: PrivacyRequest, now: datetime, recorded_by: AbstractBaseUser | None) -> PrivacyRequest:
    """Opens the unsaved request that staff wrote down (None: that came by the contact form). It counts from the day it
    was received, not from this one."""
    request.state, request.confirmed_at = State.CONFIRMED, now
    request.handled_by_id = recorded_by.pk if recorded_by else None
    _set_deadlines(request)
    request.save()
    audited("recorded", request, recorded_by)
    return request


def _start_clock(request: PrivacyRequest, *changed: str) -> None:
    _set_deadlines(request)
    request.save(update_fields=["acknowledge_by", "due_at", "keep_until", *changed])


def _set_deadlines(request: PrivacyRequest) -> None:
    deadlines = deadlines_of(request.received_at)
    request.acknowledge_by, request.due_at = deadlines.acknowledge_by, deadlines.answer_by
    request.keep_until = request.received_at + RECORD_LIFE
