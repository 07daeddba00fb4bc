"""The four-eyes rule: nobody approves what they prepared, or decides about their own money, while a colleague could."""

from __future__ import annotations

from django.contrib.auth import get_user_model
from django.contrib.auth.base_user import AbstractBaseUser

from .refusals import ActionRefused


def acts_alone(actor: AbstractBaseUser, *, is_own: bool, permission: str, refusal: str) -> bool:
    """Whether this member of staff decides about what is their own, because nobody else may: the caller records it.

    Raises `ActionRefused(refusal)` while a colleague could. Called in the action's transaction, behind its locks.
    """
    if is_own and a_colleague_may(actor, permission):
        raise ActionRefused(refusal)
    return is_own


def a_colleague_may(actor: AbstractBaseUser, permission: str) -> bool:
    """Whether a second active member of staff has the permission."""
    staff = get_user_model()._default_manager.filter(is_active=True, is_staff=True).exclude(pk=actor.pk)
    return any(other.has_perm(permission) for other in staff)
