"""An application never affects an existing account: no link, no password, no staff affiliate."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.core import mail
from django.db import connection
from django.test import Client

from accounts.models import User
from accounts.passwords.link import LinkRefused, send_first_password_link
from affiliates.membership.applications import approve_application
from affiliates.models import Affiliate, Application
from privacy.admin_base.refusals import ActionRefused
from tests import factories
from tests.cast import superuser

from .conftest import PASSWORD, Link
from .test_applications import APPLY, ERIN, decide

Work = Callable[[], int]

CONFIRM = "/affiliates/apply/confirm/"
SECRET = "a long enough passphrase"
SPELLINGS = ["root@example.org", "ROOT@Example.ORG", "root@straße.example", "root@strasse.example"]


def apply(client: Client, email: str) -> Application:
    assert client.post(APPLY, {**ERIN, "email": email}).status_code == 302
    return Application.objects.latest("applied_at", "pk")


def follow_every_link(client: Client) -> None:
    """An outsider who reads all mail there is, follows each link and sets a password wherever one is asked for."""
    for message in mail.outbox:
        for path in re.findall(r"https?://[^/\s]+(/\S+)", str(message.body)):
            page = client.get(path, follow=True)
            if page.status_code == 200:
                secret = {"new_password1": SECRET, "new_password2": SECRET}
                client.post(page.request["PATH_INFO"], secret, follow=True)


@pytest.mark.parametrize("confirms", [False, True])
@pytest.mark.parametrize("typed", SPELLINGS)
@pytest.mark.parametrize("stored", ["root@example.org", "root@strasse.example", "root@straße.example"])
def test_applying_with_superusers_address_does_not_take_over_account(
    staff: Client, client: Client, work: Work, stored: str, typed: str, confirms: bool
) -> None:
    root = superuser(stored)
    application = apply(client, typed)
    work()
    if confirms:
        for message in mail.outbox:
            for path in re.findall(r"https?://[^/\s]+(/affiliates/apply/confirm/\S+)", str(message.body)):
                client.post(path)
    decide(staff, application, "approve")
    staff.post(f"/admin/affiliates/application/{application.pk}/decide/approve/", follow=True)
    work()
    assert mail.outbox
    follow_every_link(client)
    for email in {stored, typed}:
        outsider = Client()
        outsider.post("/accounts/login/", {"email": email, "password": SECRET})
        assert outsider.get("/admin/").status_code != 200
    root.refresh_from_db()
    assert root.check_password(PASSWORD)
    assert not Affiliate.objects.filter(user=root).exists()


@pytest.mark.parametrize("rights", [{"is_staff": True}, {"is_superuser": True}])
def test_application_never_makes_staff_affiliate(
    staff: Client, client: Client, work: Work, link: Link, rights: dict[str, bool]
) -> None:
    factories.user("erin@example.org", **rights)
    application = apply(client, ERIN["email"])
    work()
    client.post(link(CONFIRM))
    page = decide(staff, application, "approve")
    assert "belongs to a member of staff" in page
    application.refresh_from_db()
    assert application.is_undecided
    assert not Affiliate.objects.exists()
    assert "belongs to a member of staff" in staff.get(address_of(application)).content.decode()


def address_of(application: Application) -> str:
    return f"/admin/affiliates/application/{application.pk}/change/"


def test_confirmed_applicant_with_account_keeps_password(staff: Client, client: Client, work: Work, link: Link) -> None:
    erin = factories.user("erin@example.org")
    application = apply(client, "ERIN@Example.org")
    work()
    client.post(link(CONFIRM))
    assert "1 approved" in decide(staff, application, "approve")
    affiliate = Affiliate.objects.get()
    assert (affiliate.user, affiliate.payout_email) == (erin, None)
    work()
    message: Any = mail.outbox[-1]
    assert message.to == ["erin@example.org"]
    assert "Sign in with this address and your password" in message.body
    assert "/accounts/password/" not in f"{message.body}{message.alternatives}"
    assert "UNDEFINED" not in f"{message.body}{message.alternatives}"
    assert Client().login(email="erin@example.org", password=PASSWORD)


def test_account_without_password_gets_link_at_its_own_address(
    staff: Client, client: Client, work: Work, link: Link
) -> None:
    User.objects.create_user("erin@example.org")
    application = apply(client, "ERIN@Example.org")
    work()
    client.post(link(CONFIRM))
    decide(staff, application, "approve")
    work()
    assert link("/accounts/password/", to="erin@example.org")


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({}, "nobody has confirmed that its owner applied"),
        ({"is_active": False}, "belongs to an inactive account"),
    ],
)
def test_unconfirmed_application_does_not_affect_existing_account(
    staff: Client, client: Client, work: Work, fields: dict[str, bool], why: str
) -> None:
    factories.user("erin@example.org", **fields)
    application = apply(client, ERIN["email"])
    work()
    sent = len(mail.outbox)
    assert why in staff.get(address_of(application)).content.decode()
    assert why in decide(staff, application, "approve")
    work()
    assert len(mail.outbox) == sent
    assert not Affiliate.objects.exists()


def test_existing_affiliate_is_notified_at_account_address(client: Client, work: Work, alice: Affiliate) -> None:
    apply(client, "ALICE@Example.com")
    work()
    assert [message.to for message in mail.outbox] == [["alice@example.com"]]


def test_bulk_approval_skips_application_that_may_not_be_approved(staff: Client, client: Client) -> None:
    factories.user("root@example.org", is_staff=True)
    apply(client, "root@example.org")
    apply(client, "frank@example.org")
    keys = [str(pk) for pk in Application.objects.values_list("pk", flat=True)]
    data = {"action": "approve", "_selected_action": keys}
    page = staff.post("/admin/affiliates/application/", data, follow=True).content.decode()
    assert "1 approved" in page
    assert "belongs to a member of staff" in page
    assert Affiliate.objects.get().user.email == "frank@example.org"


def test_two_applications_from_same_address_create_one_affiliate(staff: Client, client: Client) -> None:
    for _ in range(2):
        apply(client, ERIN["email"])
    keys = [str(pk) for pk in Application.objects.values_list("pk", flat=True)]
    data = {"action": "approve", "_selected_action": keys}
    page = staff.post("/admin/affiliates/application/", data, follow=True).content.decode()
    assert "1 approved" in page
    assert "already belongs to" in page
    assert Affiliate.objects.count() == 1


def test_account_created_during_approval_is_refused_with_message(
    client: Client, db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two members of staff approve two applications from one new address: the unique index lets one of them through."""
    application = apply(client, ERIN["email"])
    create = type(User.objects).create_user

    def create_late(self: Any, email: str, *args: Any, **fields: Any) -> User:
        create(self, email, *args, **fields)
        return create(self, email, *args, **fields)

    monkeypatch.setattr(type(User.objects), "create_user", create_late)
    with pytest.raises(ActionRefused, match="at the same time"):
        approve_application(application=application)
    assert not User.objects.exists()
    assert connection.is_usable()


def test_first_password_link_is_refused_if_password_exists(work: Work, alice: Affiliate) -> None:
    with pytest.raises(LinkRefused):
        send_first_password_link(alice.user)
    work()
    assert not mail.outbox
