"""The confirmation mail: one mail lists all pending requests for an address, so that few mails are needed. It goes to
the stored spelling of the address and contains no typed text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import transaction
from django.utils import timezone
from django_tasks import task

from privacy.encryption.tokens import generate_token, hash_token
from privacy.mail.link_mail_limits import LINK_LIFE, TASK_GRACE_PERIOD, acquire_for_address, mail_pending
from privacy.mail.sending import notify
from privacy.mail.stored_addresses import stored_address
from privacy.registry.purpose_binding import acts_for
from privacy.registry.purposes import Audience, Purpose

from ..mails import REQUEST_CONFIRMATION
from ..models import PrivacyRequest
from .base import State, audited


@task()
@acts_for(Purpose.PRIVACY_REQUEST, audience=Audience.PERSON)
def mail_link(request_id: str) -> None:
    send_link(UUID(request_id), now=timezone.now())


def mail_waiting_links(*, now: datetime) -> int:
    """Mails delayed links within the current limits. Returns how many."""
    waiting = PrivacyRequest.objects.without_link(now).filter(received_at__lt=now - TASK_GRACE_PERIOD)
    return mail_pending(waiting.order_by("received_at"), lambda pk: send_link(pk, now=now), now=now)


@transaction.atomic
def mail_link_now(*, request: PrivacyRequest, now: datetime, actor: AbstractBaseUser) -> bool:
    """Mails the link for staff, regardless of rate limits."""
    sent = send_link(request.pk, now=now, by_staff=True)
    audited("link_sent", request, actor)
    return sent


@transaction.atomic
def send_link(request_id: UUID, *, now: datetime, by_staff: bool = False) -> bool:
    """Mails one link for all pending requests of the address. False if another mail already included this request, or
    the address reached its limit."""
    request = PrivacyRequest.objects.without_link(now).select_for_update(of=("self",)).filter(pk=request_id).first()
    if request is None or not (by_staff or acquire_for_address(str(request.email), now=now)):
        return False
    token = generate_token()
    request.link_digest, request.link_expires_at = hash_token(token), now + LINK_LIFE
    request.save(update_fields=["link_digest", "link_expires_at"])
    waiting = PrivacyRequest.objects.awaiting_confirmation(now).of_address(str(request.email))
    named = list(waiting.order_by("received_at"))
    waiting.filter(state=State.UNCONFIRMED).update(keep_until=now + LINK_LIFE)
    waiting.filter(state=State.CONFIRMED, acknowledged_at=None).update(acknowledged_at=now)  # it names what was asked
    waiting.filter(link_mailed_at=None).update(link_mailed_at=now)
    to = stored_address(str(request.email)) or str(request.email)
    notify(REQUEST_CONFIRMATION, to=to, about=request, context={"token": token, "asked": requested_kinds(named)})
    return True


def requested_kinds(requests: Iterable[PrivacyRequest]) -> list[tuple[str, int]]:
    """Labels of the requested kinds and how often each was requested."""
    return [(PrivacyRequest.Kind(kind).label, times) for kind, times in Counter(r.kind for r in requests).items()]
