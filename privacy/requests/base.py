"""What every step of a request has in common: one at a time, only while it is open, recorded."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser

from privacy.admin_base.refusals import ActionRefused
from privacy.audit.trail import record
from privacy.mail.sending import MailKind, queue_mail
from privacy.mail.stored_addresses import stored_address
from privacy.models import PrivacyRequest
from privacy.models.request import RECORD_LIFE
from privacy.signals import request_closed

Kind = PrivacyRequest.Kind
State = PrivacyRequest.State
Outcome = PrivacyRequest.Outcome
Identity = PrivacyRequest.Identity


def locked(request: PrivacyRequest) -> PrivacyRequest:
    """The request as it stands now, kept from others until the transaction ends. Raises `ActionRefused`."""
    current = PrivacyRequest.objects.select_for_update(of=("self",)).get(pk=request.pk)
    if not current.is_open:
        raise ActionRefused("This request is not open any more.")
    return current


def require_known(request: PrivacyRequest) -> None:
    if not request.person_is_known:
        raise ActionRefused("First say how you know who asks: nothing is handed out or deleted before.")


def require_email(request: PrivacyRequest) -> str:
    """The address under which everything is found."""
    if not request.email:
        raise ActionRefused("What is kept is found by the e-mail address: ask for it and enter it first.")
    return str(request.email)


def close(
    request: PrivacyRequest,
    *,
    now: datetime,
    actor: AbstractBaseUser | None,
    outcome: str = Outcome.ANSWERED,
    ground: str = "",
) -> None:
    """Marks the request as answered and keeps its record for 24 months from then."""
    request.state, request.answered_at, request.keep_until = State.ANSWERED, now, now + RECORD_LIFE
    request.outcome, request.refusal_ground = outcome, ground
    request.correction_expires_at = None
    changed = ["state", "answered_at", "keep_until", "outcome", "refusal_ground", "correction_expires_at"]
    save_step(request, changed, actor)
    request_closed.send(PrivacyRequest, request=request)


def save_step(request: PrivacyRequest, changed: list[str], actor: AbstractBaseUser | None) -> None:
    """Stores what a step changed, and who did it; None is the person, by the page."""
    if actor is not None:
        request.handled_by_id, changed = actor.pk, [*changed, "handled_by"]
    request.save(update_fields=changed)


def tell(request: PrivacyRequest, kind: MailKind, **context: Any) -> bool:
    """Mails the person where an address is known, at the address that is stored about them. Returns whether it is; a
    call or a letter does it otherwise."""
    if not request.email:
        return False
    queue_mail(kind, to=stored_address(request.email) or request.email, about=request, context=context)
    return True


def audited(verb: str, request: PrivacyRequest, actor: AbstractBaseUser | None) -> None:
    """The last step of each change: from here on other writers of the audit wait."""
    record(action=f"privacy.request.{verb}", about=request, actor=actor)
