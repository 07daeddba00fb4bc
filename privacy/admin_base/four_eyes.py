"""The four-eyes rule: nobody approves their own work, or decides about their own money, if a colleague could do it."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.base_user import AbstractBaseUser

from .refusals import ActionRefused


def acts_alone(actor: AbstractBaseUser, *, is_own: bool, permission: str, refusal: str) -> bool:
    """Whether staff member `actor` decides about their own work because nobody else can. The caller records this.

    Raises `ActionRefused(refusal)` if a colleague could. Called in the action's transaction, after taking its locks.
    """
    if is_own and a_colleague_may(actor, permission):
        raise ActionRefused(refusal)
    return is_own


def a_colleague_may(actor: AbstractBaseUser, permission: str) -> bool:
    """Whether another active staff member has the permission."""
    return bool(colleagues_who_may(actor, permission))


def colleagues_who_may(actor: AbstractBaseUser, permission: str) -> list[Any]:
    """The other active staff members with the permission, for pages that say who can go on. One who was invited and
    has not set a password yet can't."""
    staff = get_user_model()._default_manager.filter(is_active=True, is_staff=True).exclude(pk=actor.pk)
    return [other for other in staff.order_by("pk") if other.has_usable_password() and other.has_perm(permission)]
