"""Staff roles: groups with the minimal permissions for their job.

Each app declares the permissions of each role in its `roles.py`, which is discovered like `admin.py`. After every
`migrate`, the groups in the database are synchronized.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from django.apps import apps as installed_apps
from django.apps.config import AppConfig
from django.contrib.auth.management import create_permissions
from django.db import router


class Role(StrEnum):
    """The group names. The owner has the permissions of all roles, and some that no other role has."""

    OWNER = "Owner"
    SHOP = "Shop"
    MAIL = "Mail"
    AFFILIATES = "Affiliates"
    FINANCE = "Finance"
    PRIVACY_OFFICER = "Privacy officer"


# What a role is for, in the words of whoever gives it.
ABOUT = {
    Role.OWNER: "everything, with the team and the terms",
    Role.SHOP: "orders, products, licenses and the shop's terms",
    Role.MAIL: "messages from customers and their answers",
    Role.AFFILIATES: "affiliates, applications and commissions, without money",
    Role.FINANCE: "payments, refunds, rates and payouts",
    Role.PRIVACY_OFFICER: "privacy requests, the policy and the audit log",
}

_shares: dict[str, dict[Role, frozenset[str]]] = {}


def share(app_label: str, roles: Mapping[Role, str]) -> None:
    """Declares an app's permissions for each role, as codenames separated by spaces (`view_order refund_payment`)."""
    named = {role: frozenset(roles.get(role, "").split()) for role in Role}
    named[Role.OWNER] = frozenset().union(*named.values())
    _shares[app_label] = named


def permissions_of(role: Role) -> frozenset[str]:
    """The role's permissions, as in `has_perm`: `shop.view_order`."""
    return frozenset(f"{label}.{name}" for label, roles in _shares.items() for name in roles[role])


def sync_roles(app_config: AppConfig, using: str, apps: Any = installed_apps, **kwargs: Any) -> None:
    """Receives `post_migrate`: sets each role's permissions of this app. Other groups are unchanged."""
    roles = _shares.get(app_config.label)
    if roles is None:
        return
    create_permissions(app_config, verbosity=0, using=using, apps=apps)  # Django's receiver may run later
    try:
        Group, Permission = apps.get_model("auth", "Group"), apps.get_model("auth", "Permission")
    except LookupError:  # migrated backward, so there are no groups
        return
    if not router.allow_migrate_model(using, Group):
        return
    own = Permission.objects.using(using).filter(content_type__app_label=app_config.label)
    keys = dict(own.values_list("codename", "pk"))
    has = Group.permissions.through.objects.using(using)
    for role, names in roles.items():
        group, _ = Group.objects.using(using).get_or_create(name=role.value)
        wanted = {keys[name] for name in names & keys.keys()}
        found = set(has.filter(group=group, permission__in=own).values_list("permission_id", flat=True))
        has.filter(group=group, permission_id__in=found - wanted).delete()
        has.bulk_create(Group.permissions.through(group=group, permission_id=key) for key in sorted(wanted - found))
