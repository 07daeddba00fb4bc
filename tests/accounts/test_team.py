"""The team's page: a colleague is invited with exactly the chosen roles, sets the password, and may be deactivated."""

from __future__ import annotations

from typing import Any

import pytest
from bs4 import BeautifulSoup
from django.contrib.auth.models import Group
from django.core import mail
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from affiliates.models import Affiliate
from privacy.admin_base.staff_roles import Role, permissions_of
from privacy.audit.models import AuditEntry
from privacy.models import Suppression
from tests import factories
from tests.accounts.test_roles import member
from tests.cast import signed_in
from tests.privacy.inbox import link_mailed_to
from tests.staff_pages import Page
from tests.worker import run_due_tasks

pytestmark = pytest.mark.django_db

TEAM = "/admin/accounts/user/team/"
USERS = "/admin/accounts/user/"


def group(role: Role) -> str:
    return str(Group.objects.get(name=role).pk)


def invite(client: Client, email: str = "mia@example.com", name: str = "Mia Mail", **fields: Any) -> Page:
    roles = fields.pop("roles", [group(Role.MAIL)])
    return Page(client, TEAM).press("Send the invitation", email=email, name=name, roles=roles)


def row_of(page: Page, name: str) -> str:
    rows = [" ".join(row.get_text(" ").split()) for row in page.soup.select("tbody tr")]
    return next(row for row in rows if name in row)


def set_password(email: str) -> Client:
    client, secret = Client(), "a long enough passphrase"
    address = client.get(link_mailed_to(email), follow=True).request["PATH_INFO"]
    client.post(address, {"new_password1": secret, "new_password2": secret})
    return client


def test_invited_colleague_sets_a_password_and_has_exactly_the_role(staff: Client, bob: User) -> None:
    User.objects.filter(pk=bob.pk).update(name=bob.sealed("name", "Bob Boss"))
    page = invite(staff)
    assert "Mia Mail is invited, with: Mail." in page.text
    assert "Invited" in row_of(page, "Mia Mail")
    run_due_tasks()
    text = str(mail.outbox[-1].body)
    assert mail.outbox[-1].subject == "Your invitation to the AITpro team"
    assert "Bob Boss invites you" in text and "expires in 24 hours" in text
    assert "in the role Mail." in text
    set_password("mia@example.com")
    mia = User.objects.get(email_index="mia@example.com")
    assert (mia.is_staff, mia.is_superuser, mia.user_permissions.count()) == (True, False, 0)
    assert mia.get_all_permissions() == permissions_of(Role.MAIL)
    assert "Active" in row_of(Page(staff, TEAM), "Mia Mail")
    desk = signed_in(mia)
    assert desk.get("/admin/contacts/inquiry/").status_code == 200
    assert desk.get("/admin/shop/order/").status_code == 403
    assert desk.get(TEAM).status_code == 403


def test_invitation_without_a_role_is_not_sent(staff: Client) -> None:
    page = invite(staff, roles=[])
    assert "Choose at least one role" in page.text
    assert page.soup.select_one("[name=name]")["value"] == "Mia Mail"  # type: ignore[index]
    assert not User.objects.filter(email_index="mia@example.com").exists()


@pytest.mark.parametrize(
    ("account", "said"),
    [
        ({"is_staff": True, "is_active": True}, "already on the team"),
        ({"is_staff": True, "is_active": False}, "deactivated colleague"),
        ({"is_staff": False, "is_active": True}, "An affiliate signs in with this address"),
    ],
)
def test_address_with_an_account_is_not_invited_and_its_page_is_named(
    staff: Client, account: dict[str, bool], said: str
) -> None:
    mia = factories.user("mia@example.com", name="Mia Mail", **account)
    page = invite(staff, email="MIA@example.com")
    assert said in page.text
    assert page.soup.select_one(f'.errorlist a[href="{USERS}{mia.pk}/change/"]')
    mia.refresh_from_db()
    assert (mia.groups.count(), mia.is_staff, mia.is_active) == (0, account["is_staff"], account["is_active"])
    run_due_tasks()
    assert not mail.outbox


def test_colleague_invited_twice_is_offered_the_same_invitation_again(staff: Client) -> None:
    invite(staff)
    page = invite(staff)
    assert "already invited" in page.text
    mia = User.objects.get(email_index="mia@example.com")
    again = Page(staff, f"{USERS}{mia.pk}/invite/").submit()
    assert "on its way to Mia Mail" in again.text
    run_due_tasks()
    assert len(mail.outbox) == 2
    set_password("mia@example.com")
    assert staff.get(f"{USERS}{mia.pk}/invite/", follow=True).redirect_chain  # no longer offered
    assert AuditEntry.objects.filter(action="accounts.user.invited").exclude(actor=None).count() == 2


def test_address_that_must_not_be_mailed_is_not_invited(staff: Client) -> None:
    Suppression.objects.create(fingerprint="mia@example.com", channel="email")
    assert "opted out" in invite(staff).text
    assert not User.objects.filter(email_index="mia@example.com").exists()


def test_owner_invites_owners_and_nobody_else_invites(alice: Affiliate) -> None:
    owner = signed_in(member(Role.OWNER))
    assert "is invited, with: Mail, Owner." in invite(owner, roles=[group(Role.MAIL), group(Role.OWNER)]).text
    for role in [role for role in Role if role != Role.OWNER]:
        client = signed_in(member(role))
        assert client.get(TEAM).status_code == 403
        data = {"email": "x@example.com", "name": "X", "roles": [group(Role.OWNER)]}
        assert client.post(TEAM, data).status_code == 403
    assert signed_in(alice.user).get(TEAM).status_code in {302, 403}
    assert not User.objects.filter(email_index="x@example.com").exists()


def test_deactivated_colleague_is_signed_out_and_returns_with_the_same_roles(staff: Client) -> None:
    mia = member(Role.MAIL, "mia@example.com")
    desk = signed_in(mia)
    assert "can't sign in any more" in Page(staff, f"{USERS}{mia.pk}/deactivate/").submit().text
    assert desk.get("/admin/").status_code == 302
    assert "Deactivated" in row_of(Page(staff, TEAM), "mia@example.com")
    assert "can sign in again" in Page(staff, f"{USERS}{mia.pk}/activate/").submit().text
    mia.refresh_from_db()
    assert mia.get_all_permissions() == permissions_of(Role.MAIL)


@pytest.mark.parametrize("action", ["deactivate", "invite", "activate"])
def test_nobody_ends_their_own_access_or_that_of_somebody_with_more_rights(bob: User, action: str) -> None:
    owner = member(Role.OWNER)
    client = signed_in(owner)
    for user in (owner, bob):
        User.objects.filter(pk=bob.pk).update(is_active=action != "activate", password="!x")
        client.post(f"{USERS}{user.pk}/{action}/", follow=True)
        user.refresh_from_db()
        assert user.is_active == (user == owner or action != "activate")
    assert "Deactivate" not in client.get(f"{USERS}{bob.pk}/change/").content.decode()
    run_due_tasks()
    assert not mail.outbox


def test_staff_without_a_role_are_warned_about(staff: Client) -> None:
    nora = factories.user("nora@example.com", name="Nora", is_staff=True)
    assert "Has no role" in row_of(Page(staff, TEAM), "Nora")
    assert "Has no role" not in row_of(Page(staff, TEAM), "bob@example.com")
    page = Page(staff, f"{USERS}{nora.pk}/change/").press("Save", name="Nora")
    assert "staff without a role" in page.text


def test_team_page_costs_the_same_for_many(staff: Client) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as seen:
            assert staff.get(TEAM).status_code == 200
        return len(seen)

    member(Role.MAIL)
    queries()
    few = queries()
    for number in range(6):
        member(Role.SHOP, f"shop{number}@example.com")
    assert queries() == few


def test_team_is_listed_in_the_audit_and_leaves_out_affiliates(staff: Client, alice: Affiliate) -> None:
    page = BeautifulSoup(staff.get(TEAM).content, "html.parser").get_text()
    assert "alice@example.com" not in page
    assert AuditEntry.objects.filter(action="privacy.staff.listed", object_model="accounts.user").exists()
