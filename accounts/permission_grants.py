"""Who may grant permissions: nobody can grant what they don't have."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib.auth.models import Group, Permission
from django.db.models import Q, QuerySet

if TYPE_CHECKING:
    from .models import User


def permissions_held_by(account: User) -> QuerySet[Permission]:
    """Permissions by role and by user, also of inactive accounts, for which `has_perm` is always false."""
    return Permission.objects.filter(Q(group__user=account) | Q(user=account)).distinct()


def may_manage(editor: User, account: User) -> bool:
    """Whether the editor has every permission of the account. Otherwise changing its address would be an escalation."""
    if editor.is_superuser:
        return True
    lacking = permissions_held_by(account).exclude(pk__in=permissions_held_by(editor).values("pk"))
    return not account.is_superuser and not lacking.exists()


def grantable_roles(editor: User) -> QuerySet[Group]:
    """Roles whose permissions the editor all has."""
    if editor.is_superuser:
        return Group.objects.all()
    lacking = Permission.objects.exclude(pk__in=permissions_held_by(editor).values("pk"))
    return Group.objects.exclude(permissions__in=lacking)
