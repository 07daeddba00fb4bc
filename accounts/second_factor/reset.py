"""Removing a second factor: by its owner, by a superuser, or by the operator."""

from __future__ import annotations

from django.db import transaction

from accounts.models.second_factor import Authenticator, RecoveryCode
from accounts.models.session import end_sessions
from accounts.security_log import note
from accounts.security_notices import Notice, notify_owner

from ..models import User


@transaction.atomic
def reset_second_factor(user: User, *, actor: User | None) -> None:
    """Removes a lost second factor and ends every session, because whoever has the phone may be signed in."""
    remove_second_factor(user)
    end_sessions(user)
    note("accounts.second_factor.reset", user, actor=actor)
    notify_owner(user, Notice.FACTOR_RESET)


def remove_second_factor(user: User) -> None:
    Authenticator.objects.filter(user=user).delete()
    RecoveryCode.objects.filter(user=user).delete()
