"""The ways in: the page, whose link has to be confirmed, and what staff write down.

Whatever comes is stored. A complaint and a wish to be left alone need no proof of the address, so they are open, with
their clock, from the moment they arrive.
"""

from __future__ import annotations

from datetime import datetime

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import transaction

from privacy.mail.link_mail_limits import WAITS_FOR_LINK
from privacy.models.request import RECORD_LIFE
from privacy.registry.deadlines import deadlines_of

from ..models import PrivacyRequest
from .base import State, audited
from .link_mail import mail_link


@transaction.atomic
def receive_request(
    *, email: str, kind: str, details: str, now: datetime, phone: str = "", mailed: bool = True
) -> PrivacyRequest:
    """Stores what came by the page. Its link is mailed by a task, or later by housekeeping where not `mailed`.

    Nothing here depends on whether the address is known.
    """
    request = PrivacyRequest(
        email=email, kind=kind, details=details, phone=phone or None, received_at=now, keep_until=now + WAITS_FOR_LINK
    )
    if kind in PrivacyRequest.NEEDS_NO_PROOF:
        request.state, request.acknowledged_at = State.CONFIRMED, now  # the page that follows acknowledges it
        set_deadlines(request)
    request.save()
    if mailed:
        mail_link.enqueue(str(request.pk))
    if request.is_open:
        audited("received", request, None)
    return request


@transaction.atomic
def record_request(*, request: PrivacyRequest, now: datetime, actor: AbstractBaseUser | None) -> PrivacyRequest:
    """Opens the unsaved request that staff wrote down (None: that came by the contact form). It counts from the day it
    was received, not from this one."""
    request.state, request.confirmed_at = State.CONFIRMED, now
    request.handled_by_id = actor.pk if actor else None
    set_deadlines(request)
    request.save()
    audited("recorded", request, actor)
    return request


def set_deadlines(request: PrivacyRequest) -> None:
    deadlines = deadlines_of(request.received_at)
    request.acknowledge_by, request.due_at = deadlines.acknowledge_by, deadlines.answer_by
    request.keep_until = request.received_at + RECORD_LIFE
