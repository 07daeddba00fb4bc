"""The roles of staff: made by `migrate`, filled from what each app declares, and kept like that."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Group, Permission
from django.core.management import call_command
from django.test import Client

from accounts.models import User
from privacy.admin_base.staff_roles import Role, permissions_of
from tests import factories

pytestmark = pytest.mark.django_db

NAMES = {"Owner", "Shop", "Mail", "Affiliates", "Finance", "Privacy officer"}
# Nobody but these roles can do what hurts most.
MONEY = {"shop.refund_payment", "affiliates.approve_payout", "affiliates.add_ledgerentry", "affiliates.add_rate"}
SECRETS = {"disclosure.export_disclosure", "privacy.answer_privacyrequest", "audit.view_auditentry"}
PEOPLE = {"accounts.change_user", "accounts.add_user", "affiliates.add_affiliate"}


def in_the_database(role: str) -> set[str]:
    found = Permission.objects.filter(group__name=role).values_list("content_type__app_label", "codename")
    return {f"{label}.{name}" for label, name in found}


def test_migrate_makes_the_roles() -> None:
    assert set(Group.objects.values_list("name", flat=True)) == NAMES


@pytest.mark.parametrize("role", Role)
def test_each_role_has_what_the_apps_declare(role: Role) -> None:
    """A misspelled permission, or one that no model has, would be missing here."""
    assert permissions_of(role)
    assert in_the_database(role) == permissions_of(role)


@pytest.mark.parametrize(
    ("rights", "holders"),
    [(MONEY, {Role.FINANCE}), (SECRETS, {Role.PRIVACY_OFFICER}), (PEOPLE, set())],
    ids=["money", "secrets", "people"],
)
def test_most_sensitive_permissions_belong_to_one_role_and_the_owner(rights: set[str], holders: set[Role]) -> None:
    assert {role for role in Role if rights & permissions_of(role)} == {Role.OWNER, *holders}
    assert rights <= permissions_of(Role.OWNER)


def test_migrate_puts_right_what_was_changed_and_leaves_other_groups_alone() -> None:
    shop, refund = Group.objects.get(name=Role.SHOP), Permission.objects.get(codename="refund_payment")
    own = Group.objects.create(name="Night shift")
    shop.permissions.set([refund])
    own.permissions.set([refund])
    Group.objects.get(name=Role.MAIL).delete()
    call_command("migrate", verbosity=0)
    assert in_the_database(Role.SHOP) == permissions_of(Role.SHOP)
    assert in_the_database(Role.MAIL) == permissions_of(Role.MAIL)
    assert in_the_database("Night shift") == {"shop.refund_payment"}


def test_a_role_is_looked_at_and_not_edited(staff: Client) -> None:
    role = Group.objects.get(name=Role.FINANCE)
    page = f"/admin/auth/group/{role.pk}/change/"
    assert "Can refund payments" in staff.get(page).content.decode()
    everything = [str(pk) for pk in Permission.objects.values_list("pk", flat=True)]
    assert staff.post(page, {"name": "Finance", "permissions": everything}).status_code == 403
    assert staff.post("/admin/auth/group/add/", {"name": "Mine", "permissions": everything}).status_code == 403
    assert in_the_database(Role.FINANCE) == permissions_of(Role.FINANCE)
    assert not Group.objects.filter(name="Mine").exists()


def member(role: Role, email: str = "") -> User:
    user = factories.user(email or f"{role.name.lower()}@example.com", is_staff=True)
    user.groups.add(Group.objects.get(name=role))
    return user
