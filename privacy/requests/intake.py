"""Receiving requests from the page, opening those that mails ask for, and recording those that staff enter.

Every request is stored. Complaints and stop-contact requests need no confirmation, so they are open, with a deadline,
immediately.
"""

from __future__ import annotations

from datetime import datetime

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import transaction

from privacy.mail.link_mail_limits import LINK_WAIT_LIMIT
from privacy.models.request import RECORD_LIFE
from privacy.registry.deadlines import deadlines_of

from ..models import PrivacyRequest
from .base import State, audited
from .link_mail import mail_link


@transaction.atomic
def receive_request(
    *, email: str, kind: str, details: str, now: datetime, phone: str = "", mailed: bool = True
) -> PrivacyRequest:
    """Stores a request from the page. A task mails its link; if not `mailed`, housekeeping does later.

    Behaves the same for known and unknown addresses.
    """
    request = PrivacyRequest(
        email=email, kind=kind, details=details, phone=phone or None, received_at=now, keep_until=now + LINK_WAIT_LIMIT
    )
    if kind in PrivacyRequest.NEEDS_NO_PROOF:
        request.state, request.acknowledged_at = State.CONFIRMED, now  # the next page serves as the acknowledgment
        set_deadlines(request)
    request.save()
    if mailed:
        mail_link.enqueue(str(request.pk))
    if request.is_open:
        audited("received", request, None)
    return request


@transaction.atomic
def record_request(*, request: PrivacyRequest, now: datetime, actor: AbstractBaseUser | None) -> PrivacyRequest:
    """Saves and opens a request that staff recorded (None: from the contact form). Its deadline counts from the day of
    receipt."""
    request.state, request.confirmed_at = State.CONFIRMED, now
    request.handled_by_id = actor.pk if actor else None
    set_deadlines(request)
    request.save()
    audited("recorded", request, actor)
    return request


@transaction.atomic
def open_mailed_request(
    *, email: str, kind: str, details: str, received_at: datetime, actor: AbstractBaseUser
) -> PrivacyRequest:
    """Opens what a received mail asks for, after a colleague has read it. Its deadline counts from the mail's receipt.

    A sender's address proves nothing: its owner confirms the request by a link to the stored address, as on the page.
    """
    request = PrivacyRequest(
        channel=PrivacyRequest.Way.EMAIL, email=email, kind=kind, details=details, received_at=received_at
    )
    request.state, request.handled_by_id = State.CONFIRMED, actor.pk
    set_deadlines(request)
    request.save()
    mail_link.enqueue(str(request.pk))
    audited("recorded", request, actor)
    return request


def set_deadlines(request: PrivacyRequest) -> None:
    deadlines = deadlines_of(request.received_at)
    request.acknowledge_by, request.due_at = deadlines.acknowledge_by, deadlines.answer_by
    request.keep_until = request.received_at + RECORD_LIFE
