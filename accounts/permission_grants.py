"""What accounts may do, and who may hand it on: nobody grants what they do not hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib.auth.models import Group, Permission
from django.db.models import Q, QuerySet

if TYPE_CHECKING:
    from .models import User


def permissions_held_by(account: User) -> QuerySet[Permission]:
    """By its roles and by itself, also while the account is switched off: `has_perm` would say that it holds none."""
    return Permission.objects.filter(Q(group__user=account) | Q(user=account)).distinct()


def may_manage(editor: User, account: User) -> bool:
    """Whether the account holds nothing that its editor lacks. Else its address alone would be a way to more rights."""
    if editor.is_superuser:
        return True
    lacking = permissions_held_by(account).exclude(pk__in=permissions_held_by(editor).values("pk"))
    return not account.is_superuser and not lacking.exists()


def grantable_roles(editor: User) -> QuerySet[Group]:
    """The roles all of whose permissions the editor holds."""
    if editor.is_superuser:
        return Group.objects.all()
    lacking = Permission.objects.exclude(pk__in=permissions_held_by(editor).values("pk"))
    return Group.objects.exclude(permissions__in=lacking)
