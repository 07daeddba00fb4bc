"""Shared parts of all request actions: locking, checks, closing, mail, audit."""

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
    """The request, read and locked until the transaction ends. Raises `ActionRefused`."""
    current = PrivacyRequest.objects.select_for_update(of=("self",)).get(pk=request.pk)
    if not current.is_open:
        raise ActionRefused("This request is no longer open.")
    return current


def require_verified_identity(request: PrivacyRequest) -> None:
    if not request.is_identity_verified:
        raise ActionRefused("First record how you verified the person's identity.")


def require_email(request: PrivacyRequest) -> str:
    """The email address by which the person's data is found. Raises `RequestRefused` if there is none."""
    if not request.email:
        raise ActionRefused("What is kept is found by the email address: ask for it and enter it first.")
    return str(request.email)


def close(
    request: PrivacyRequest,
    *,
    now: datetime,
    actor: AbstractBaseUser | None,
    outcome: str = Outcome.ANSWERED,
    ground: str = "",
) -> None:
    """Marks the request as answered. Its record is kept for 24 months."""
    request.state, request.answered_at, request.keep_until = State.ANSWERED, now, now + RECORD_LIFE
    request.outcome, request.refusal_ground = outcome, ground
    request.correction_expires_at = None
    changed = ["state", "answered_at", "keep_until", "outcome", "refusal_ground", "correction_expires_at"]
    save_step(request, changed, actor)
    request_closed.send(PrivacyRequest, request=request)


def save_step(request: PrivacyRequest, changed: list[str], actor: AbstractBaseUser | None) -> None:
    """Saves changed fields and the acting user; None for the person on the page."""
    if actor is not None:
        request.handled_by_id, changed = actor.pk, [*changed, "handled_by"]
    request.save(update_fields=changed)


def tell(request: PrivacyRequest, kind: MailKind, **context: Any) -> bool:
    """Mails the person at their stored address. Returns False if there is no address; staff then call or write."""
    if not request.email:
        return False
    queue_mail(kind, to=stored_address(request.email) or request.email, about=request, context=context)
    return True


def audited(verb: str, request: PrivacyRequest, actor: AbstractBaseUser | None) -> None:
    """Adds an audit entry. Call it last, because other writers of the audit log wait from then on."""
    record(action=f"privacy.request.{verb}", about=request, actor=actor)
