"""Acknowledging a request, and extending its deadline once."""

from __future__ import annotations

from datetime import datetime

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import transaction

from privacy.admin_base.refusals import ActionRefused
from privacy.mails import REQUEST_ACKNOWLEDGED, REQUEST_EXTENDED
from privacy.models import PrivacyRequest
from privacy.registry.deadlines import local_day

from .base import audited, locked, save_step, tell


@transaction.atomic
def acknowledge_request(*, request: PrivacyRequest, now: datetime, actor: AbstractBaseUser) -> bool:
    """Acknowledges receipt. Returns whether it was mailed; otherwise staff inform the person themselves."""
    request = locked(request)
    if request.acknowledged_at is not None:
        raise ActionRefused("This request was already acknowledged.")
    request.acknowledged_at = now
    save_step(request, ["acknowledged_at"], actor)
    mailed = tell(request, REQUEST_ACKNOWLEDGED)
    audited("acknowledged", request, actor)
    return mailed


@transaction.atomic
def extend_request(*, request: PrivacyRequest, reason: str, now: datetime, actor: AbstractBaseUser) -> bool:
    """Extends the deadline, once, as far as the law allows, and tells the person why. Raises `ActionRefused`."""
    request = locked(request)
    _require_extendable(request, now)
    request.extended_at, request.extension_reason = now, reason
    request.due_at = request.deadlines.extended_answer_by
    save_step(request, ["extended_at", "extension_reason", "due_at"], actor)
    mailed = tell(request, REQUEST_EXTENDED)
    audited("extended", request, actor)
    return mailed


def _require_extendable(request: PrivacyRequest, now: datetime) -> None:
    if request.extended_at is not None:
        raise ActionRefused("The deadline was already extended; the law allows only one extension.")
    if now > request.deadlines.extend_by:
        last_day = local_day(request.deadlines.extend_by)
        raise ActionRefused(
            f"It is too late to extend the deadline: the person had to be told by {last_day:%B %-d, %Y}."
        )
