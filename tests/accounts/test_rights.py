"""Nobody grants what they do not hold, nobody changes their own rights, and somebody can always administer the site."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission
from django.core import mail
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.test import Client
from django.utils import timezone

from accounts.models import LastAdministrator, User
from affiliates.models import Affiliate
from privacy.admin_base.staff_roles import Role
from privacy.models import PrivacyRequest
from tests import factories
from tests.cast import signed_in, superuser
from tests.worker import run_due_tasks

from .test_roles import member

pytestmark = pytest.mark.django_db

LIST = "/admin/accounts/user/"


def post(client: Client, user: User, **fields: Any) -> Any:
    """A forged form: every field there might be, whatever the page offers."""
    data = {"email": user.email, "name": user.name or "", "is_active": "on", **fields}
    return client.post(f"{LIST}{user.pk}/change/", data)


def group(role: Role) -> str:
    return str(Group.objects.get(name=role).pk)


@pytest.fixture
def owner(db: None) -> User:
    return member(Role.OWNER)


@pytest.fixture
def limited(db: None) -> User:
    """Somebody who may change accounts and nothing else, as a group of the vendor's own might allow."""
    user = factories.user("limited@example.com", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=["view_user", "change_user", "add_user"]))
    return user


@pytest.mark.parametrize("active", [True, False], ids=["active", "switched off"])
@pytest.mark.parametrize("rights", ["superuser", Role.FINANCE, "single permission"])
def test_nobody_changes_the_address_of_an_account_with_more_rights(limited: User, rights: str, active: bool) -> None:
    """It would be a way in through "forgotten password"; also of an account that is switched off and on again."""
    victim = factories.user("victim@example.com", is_staff=True, is_superuser=rights == "superuser")
    if rights == Role.FINANCE:
        victim.groups.add(Group.objects.get(name=Role.FINANCE))
    if rights == "single permission":
        victim.user_permissions.add(Permission.objects.get(codename="refund_payment"))
    User.objects.filter(pk=victim.pk).update(is_active=active)
    client = signed_in(limited)
    assert client.get(f"{LIST}{victim.pk}/change/").status_code == 200
    assert post(client, victim, email="limited+1@example.com", is_staff="on").status_code == 403
    client.post("/accounts/password/", {"email": "limited+1@example.com"})
    run_due_tasks()
    assert not mail.outbox
    victim.refresh_from_db()
    assert (victim.email, victim.is_active) == ("victim@example.com", active)


def test_an_account_with_no_more_rights_can_be_changed_and_its_old_address_is_told(
    limited: User, alice: Affiliate
) -> None:
    assert post(signed_in(limited), alice.user, email="alice@example.net").status_code == 302
    run_due_tasks()
    assert [message.to for message in mail.outbox] == [["alice@example.com"]]
    message: Any = mail.outbox[0]
    assert "changed the email address of your account" in message.body
    assert "UNDEFINED" not in f"{message.body}{message.alternatives}"
    assert "alice@example.net" not in f"{message.body}{message.alternatives}"


def test_a_role_is_given_only_by_who_holds_all_of_it(limited: User, owner: User) -> None:
    carol = factories.user("carol@example.com")
    response = post(signed_in(limited), carol, is_staff="on", groups=[group(Role.FINANCE)])
    assert "not one of the available choices" in response.content.decode()
    assert not carol.groups.exists()
    assert post(signed_in(owner), carol, is_staff="on", groups=[group(Role.FINANCE)]).status_code == 302
    assert carol.groups.get().name == Role.FINANCE


def test_an_owner_makes_owners_and_no_superusers(owner: User) -> None:
    carol = factories.user("carol@example.com")
    fields = {"is_staff": "on", "is_superuser": "on", "groups": [group(Role.OWNER)]}
    assert post(signed_in(owner), carol, **fields).status_code == 302
    carol.refresh_from_db()
    assert (carol.is_staff, carol.is_superuser) == (True, False)
    assert carol.groups.get().name == Role.OWNER


def test_a_new_account_gets_no_more_than_its_maker_has(limited: User) -> None:
    new = {"email": "carol@example.com", "name": "", "is_active": "on", "is_staff": "on", "is_superuser": "on"}
    client = signed_in(limited)
    everything = [str(pk) for pk in Permission.objects.values_list("pk", flat=True)]
    page = client.post(f"{LIST}add/", {**new, "groups": [group(Role.SHOP)]}).content.decode()
    assert "not one of the available choices" in page
    assert client.post(f"{LIST}add/", {**new, "user_permissions": everything}).status_code == 302
    carol = User.objects.get(email_index="carol@example.com")
    assert (carol.is_superuser, carol.groups.count(), carol.user_permissions.count()) == (False, 0, 0)


@pytest.mark.parametrize("who", ["owner", "bob"])
def test_nobody_changes_their_own_rights(request: pytest.FixtureRequest, who: str) -> None:
    user: User = request.getfixturevalue(who)
    roles = set(user.groups.values_list("name", flat=True))
    superuser("another@example.com")
    changed = "" if user.is_superuser else "on"
    response = post(signed_in(user), user, name="New", is_active="", is_superuser=changed, groups=[])
    assert response.status_code == 302
    before = (user.is_active, user.is_staff, user.is_superuser)
    user.refresh_from_db()
    assert user.name == "New"
    assert (user.is_active, user.is_staff, user.is_superuser) == before
    assert set(user.groups.values_list("name", flat=True)) == roles


@pytest.mark.parametrize("role", [role for role in Role if role != Role.OWNER])
def test_no_other_role_sees_or_changes_accounts(role: Role, alice: Affiliate) -> None:
    client = signed_in(member(role))
    assert client.get(LIST).status_code == 403
    assert post(client, alice.user, is_superuser="on", is_staff="on").status_code == 403
    alice.user.refresh_from_db()
    assert not alice.user.is_staff


# --- Somebody can always administer the site --------------------------------------------------------------------------
def test_one_of_two_superusers_can_go_and_the_last_one_stays(staff: Client, bob: User) -> None:
    root = superuser("root@example.com")
    assert post(staff, root, is_active="").status_code == 302
    root.refresh_from_db()
    assert not root.is_active  # another one is left
    bob.is_active = False
    with pytest.raises(LastAdministrator):
        bob.save(update_fields=["is_active"])
    for lost in ("is_active", "is_staff", "is_superuser"):
        bob.refresh_from_db()
        setattr(bob, lost, False)
        with pytest.raises(LastAdministrator):
            bob.save()
    bob.refresh_from_db()
    assert (bob.is_active, bob.is_staff, bob.is_superuser) == (True, True, True)


def test_the_command_to_erase_the_last_superuser_says_what_to_do_first(bob: User) -> None:
    with pytest.raises(CommandError, match="Make another user a superuser first"):
        call_command("erase_person", "bob@example.com")
    bob.refresh_from_db()
    assert bob.email == "bob@example.com"
    superuser("root@example.com")
    call_command("erase_person", "bob@example.com")
    bob.refresh_from_db()
    assert (bob.email, bob.is_active, bob.is_superuser) == (None, False, False)


def test_staff_who_delete_the_last_superusers_data_are_told_why_not(staff: Client, bob: User) -> None:
    now = timezone.now()
    asked = PrivacyRequest.objects.create(
        email="bob@example.com", kind="deletion", identity="known", state="confirmed", channel="letter", keep_until=now
    )
    page = staff.post(f"/admin/privacy/privacyrequest/{asked.pk}/step/delete/", follow=True).content.decode()
    assert "the only account that can administer the site" in page
    asked.refresh_from_db()
    bob.refresh_from_db()
    assert asked.is_open
    assert bob.email == "bob@example.com"


@pytest.mark.django_db(transaction=True)
def test_two_superusers_who_switch_each_other_off_at_once_leave_one() -> None:
    one, two = (superuser(f"{name}@example.com") for name in ("one", "two"))
    first_has_written, done = threading.Event(), threading.Event()
    answers: list[str] = []

    def second() -> None:
        first_has_written.wait(10)
        try:
            response = post(signed_in(two), one, is_active="", is_staff="on", is_superuser="on")
            answers.append(response.content.decode())
        finally:
            done.set()
            connection.close()

    thread = threading.Thread(target=second)
    client = signed_in(one)
    with transaction.atomic():
        post(client, two, is_active="", is_staff="on", is_superuser="on")
        two.refresh_from_db()
        assert not two.is_active
        thread.start()
        first_has_written.set()
        done.wait(0.3)  # long enough to write what is not held up
    thread.join(20)
    assert User.objects.filter(is_active=True, is_superuser=True).count() == 1
