"""The security log: sign-ins and account changes as audit entries and log lines, by user ID only."""

from __future__ import annotations

import logging
from typing import Any
from uuid import UUID

from django.contrib.auth.signals import user_logged_out, user_login_failed
from django.dispatch import receiver
from django.utils import timezone
from django_tasks import task

from privacy.audit.trail import record
from privacy.encryption.models import uuid7
from privacy.registry.purpose_binding import acts_for
from privacy.registry.purposes import Purpose
from privacy.web.rate_limits import has_room

from .models import User

logger = logging.getLogger("accounts")

# Every failure is logged. Audit entries are limited: all writers share one hash chain, which a flood must not fill.
AUDITED_PER_ACCOUNT, AUDITED_UNKNOWN = 5, 20  # failures an hour


def note(action: str, user: User, *, actor: User | None) -> None:
    """`action` as in the audit log, such as `accounts.session.started`; `actor` is None for the site itself."""
    record(action=action, about=user, actor=actor)
    logger.info("%s: user %s by %s", action, user.pk, actor.pk if actor else "the program")


@receiver(user_logged_out)
def on_sign_out(*, user: Any, **kwargs: Any) -> None:
    if isinstance(user, User):
        note("accounts.session.ended", user, actor=user)


@receiver(user_login_failed)
def on_failure(*, credentials: dict[str, Any], **kwargs: Any) -> None:
    """Does the same work whether or not the address has an account, so that timing reveals nothing."""
    address = str(credentials.get("username") or "")
    log_failed_sign_in(
        User.objects.filter(email_index=address).values_list("pk", flat=True).first() if address else None
    )


def log_failed_sign_in(user_id: UUID | None) -> None:
    logger.warning("accounts.session.refused: user %s", user_id or "unknown")
    audit_failed_sign_in.enqueue(str(user_id or uuid7()))


@task()
@acts_for(Purpose.AFFILIATE_ACCOUNT, Purpose.STAFF_ACCOUNT)
def audit_failed_sign_in(user_id: str) -> None:
    """Adds an audit entry about the account, or about the User model if the address has no account."""
    user = User.objects.filter(pk=user_id).first()
    slots = AUDITED_PER_ACCOUNT if user else AUDITED_UNKNOWN
    if has_room("sign-in failures audited", user_id if user else "unknown", slots=slots, now=timezone.now()):
        record(action="accounts.session.refused", about=user or User, actor=None)
