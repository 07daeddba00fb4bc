"""Making, listing and revoking tokens, in the portal and in the admin."""

from __future__ import annotations

import json
import re
from base64 import b64decode
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from bs4 import BeautifulSoup
from django.core import mail
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from accounts.models import User
from accounts.models.session import end_sessions
from affiliates.models import Affiliate
from api.models import ApiToken
from api.scopes import PERMISSIONS, Scope
from api.tokens.making import MOST
from privacy.admin_base.staff_roles import Role
from privacy.audit.models import AuditEntry
from privacy.erasure.erase import erase_person
from privacy.erasure.retention import purge_expired
from privacy.models.submitted_form import SubmittedForm
from privacy.requests.archive import collect
from privacy.signals import database_restored
from privacy.web.idempotency import form_key
from tests.accounts.test_roles import member
from tests.cast import signed_in
from tests.worker import run_due_tasks

from .programs import ask, rows, token_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]

PORTAL, ADMIN = "/affiliates/portal/api/", "/admin/api/tokens/"
TYPED = {"name": "My spreadsheet", "scopes": ["earnings"], "days": "30"}
SHOWN = re.compile(r"api_[A-Za-z0-9_-]{43}")


def make(client: Client, page: str = PORTAL, **changed: Any) -> Any:
    return client.post(page, {**TYPED, **changed})


def test_a_token_made_in_the_portal_reads_what_was_chosen(alice: Affiliate) -> None:
    response = make(signed_in(alice.user))
    [token] = SHOWN.findall(response.content.decode())
    row = ApiToken.objects.get()
    assert (row.name, row.scopes, row.owner) == ("My spreadsheet", "earnings", alice.user)
    assert row.expires_at == timezone.now() + timedelta(days=30)
    assert rows("balance", token)
    assert ask("statistics", token).status_code == 403


def test_a_token_made_in_the_admin_reads_what_the_role_may_see(clock: time_machine.Traveller) -> None:
    client = signed_in(member(Role.SHOP))
    offered = BeautifulSoup(client.get(ADMIN).content, "html.parser").select("[name=scopes]")
    assert [box["value"] for box in offered] == [
        *("staff:orders", "staff:buyers", "staff:licenses", "staff:license-keys")
    ]
    [token] = SHOWN.findall(make(client, ADMIN, scopes=["staff:orders"]).content.decode())
    assert ask("staff/orders", token).status_code == 200
    assert ask("staff/licenses", token).status_code == 403


def test_it_is_shown_once(alice: Affiliate) -> None:
    client = signed_in(alice.user)
    [token] = SHOWN.findall(make(client).content.decode())
    page = client.get(PORTAL)
    assert "My spreadsheet" in page.content.decode()
    assert SHOWN.findall(page.content.decode()) == []
    assert "no-store" in page.headers["Cache-Control"]
    assert token not in str([vars(row) for row in ApiToken.objects.all()])


@pytest.mark.parametrize("page", [PORTAL, ADMIN])
def test_a_form_sent_twice_makes_one_token_that_no_stored_answer_holds(page: str, alice: Affiliate, bob: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(alice.user if page == PORTAL else bob)
    shown = BeautifulSoup(client.get(page).content, "html.parser")
    [field] = shown.select(f'form[action="{page}"] [name=csrfmiddlewaretoken]')
    sent = {"csrfmiddlewaretoken": str(field["value"])}
    if page == ADMIN:
        sent["scopes"] = "staff:orders"
    first, second = (make(client, page, **sent) for _ in range(2))
    [token] = SHOWN.findall(first.content.decode())
    assert "made already" not in first.content.decode()
    again = second.content.decode()
    assert SHOWN.findall(again) == []
    assert "This token was made already" in again
    assert "it can’t be shown again" in again
    assert "no-store" in second.headers["Cache-Control"]
    assert int(second.headers["Content-Length"]) == len(second.content)
    assert ApiToken.objects.count() == 1
    key = form_key(first.wsgi_request)
    assert key is not None
    stored = json.loads(key.open(bytes(SubmittedForm.objects.get(digest=key.digest).answer or b"")))
    assert b64decode(stored[-1]).decode() == again
    assert token not in str(stored)


def test_the_least_is_chosen_already(alice: Affiliate) -> None:
    page = BeautifulSoup(signed_in(alice.user).get(PORTAL).content, "html.parser")
    assert [box["value"] for box in page.select("[name=scopes][checked]")] == ["statistics"]
    assert [option["value"] for option in page.select("[name=days] option[selected]")] == ["90"]


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ({"name": ""}, "Enter a name"),
        ({"name": "x" * 61}, "at most 60 characters"),
        ({"scopes": []}, "Choose at least one."),
        ({"scopes": ["staff:orders"]}, "is not one of the available choices"),
        ({"scopes": ["everything"]}, "is not one of the available choices"),
        ({"days": ""}, "This field is required."),
        ({"days": "0"}, "is not one of the available choices"),
        ({"days": "36500"}, "is not one of the available choices"),
    ],
)
def test_wrong_input_is_named_and_makes_nothing(alice: Affiliate, typed: dict[str, Any], says: str) -> None:
    page = make(signed_in(alice.user), **typed).content.decode()
    assert says in page
    assert not ApiToken.objects.exists()


def test_a_scope_that_only_adds_columns_needs_its_list(bob: User) -> None:
    page = make(signed_in(bob), ADMIN, scopes=["staff:buyers"]).content.decode()
    assert "Choose “Orders, without the buyers” as well" in page
    assert not ApiToken.objects.exists()


def test_staff_are_offered_nothing_beyond_their_role() -> None:
    client = signed_in(member(Role.MAIL))
    assert "Your role includes nothing that a program could read." in client.get(ADMIN).content.decode()
    assert make(client, ADMIN, scopes=["staff:orders"]).status_code == 302
    shop = signed_in(member(Role.SHOP))
    assert "is not one of the available choices" in make(shop, ADMIN, scopes=["staff:payouts"]).content.decode()
    assert not ApiToken.objects.exists()


@pytest.mark.parametrize("state", ["suspended", "closed"])
def test_an_inactive_affiliate_can_revoke_but_not_make(alice: Affiliate, state: str) -> None:
    client, token = signed_in(alice.user), token_of(alice.user)
    Affiliate.objects.update(state=state)
    page = client.get(PORTAL).content.decode()
    assert "spreadsheet" in page
    assert "Make the token" not in page
    assert make(client).status_code == 302
    assert ApiToken.objects.count() == 1
    client.post(f"{PORTAL}{ApiToken.objects.get().pk}/revoke/")
    assert ask("balance", token).status_code == 401


def test_an_account_has_so_many_at_most(alice: Affiliate) -> None:
    for _ in range(MOST):
        token_of(alice.user)
    page = make(signed_in(alice.user)).content.decode()
    assert f"An account can have {MOST} tokens." in page
    assert 'value="My spreadsheet"' in page
    assert ApiToken.objects.count() == MOST


def test_making_one_asks_for_the_password_again(
    alice: Affiliate, settings: Settings, clock: time_machine.Traveller
) -> None:
    settings.REAUTHENTICATION_MINUTES = 15
    client = signed_in(alice.user)
    clock.shift(timedelta(minutes=16))
    asked = make(client)
    assert "Your password" in asked.content.decode()
    assert not ApiToken.objects.exists()
    answered = make(client, **{"again-password": "correct horse battery", "again-method": "POST"})
    assert SHOWN.findall(answered.content.decode())


def test_the_owner_is_told_by_mail_without_the_token(alice: Affiliate) -> None:
    [token] = SHOWN.findall(make(signed_in(alice.user)).content.decode())
    run_due_tasks()
    [message] = mail.outbox
    assert (message.subject, message.to) == ("An API token was made", ["alice@example.com"])
    assert token not in str(message.message())
    assert "set a new password" in message.body


def test_making_and_revoking_are_audited(alice: Affiliate) -> None:
    client = signed_in(alice.user)
    make(client)
    pk = ApiToken.objects.get().pk
    response = client.post(f"{PORTAL}{pk}/revoke/", follow=True)
    assert "The token is revoked." in response.content.decode()
    entries = AuditEntry.objects.filter(object_model="api.apitoken").order_by("number")
    assert [(entry.action, entry.actor, entry.object_id) for entry in entries] == [
        ("api.token.made", alice.user.pk, str(pk)),
        ("api.token.revoked", alice.user.pk, str(pk)),
    ]


def test_a_token_of_another_account_is_neither_listed_nor_revoked(alice: Affiliate, erin: Affiliate, bob: User) -> None:
    token = token_of(alice.user)
    pk = ApiToken.objects.get().pk
    for client, page in ((signed_in(erin.user), PORTAL), (signed_in(bob), ADMIN)):
        assert "You have no tokens yet." in client.get(page).content.decode()
        assert client.post(f"{page}{pk}/revoke/").status_code == 404
    for page in (PORTAL, ADMIN):
        assert "/login/" in Client().post(f"{page}{pk}/revoke/").headers["Location"]
        assert "/login/" in Client().get(page).headers["Location"]
    assert ask("balance", token).status_code == 200


def test_an_administrator_sees_and_revokes_everybodys(alice: Affiliate, staff: Client) -> None:
    token = token_of(alice.user)
    row = ApiToken.objects.get()
    assert "an affiliate" in staff.get("/admin/api/apitoken/").content.decode()
    page = staff.get(f"/admin/api/apitoken/{row.pk}/change/").content.decode()
    assert "spreadsheet" in page
    assert row.digest not in page
    staff.post(f"/admin/api/apitoken/{row.pk}/revoke/", follow=True)
    assert ask("balance", token).status_code == 401


# --- What ends all of them -------------------------------------------------------------------------------------------


def change_password(client: Client, user: User) -> None:
    new = "another horse battery"
    typed = {"old_password": "correct horse battery", "new_password1": new, "new_password2": new}
    assert client.post("/accounts/security/password/", typed).status_code == 302


def sign_out_everywhere_else(client: Client, user: User) -> None:
    assert client.post("/accounts/security/sessions/end/").status_code == 302


def deactivate(client: Client, user: User) -> None:
    user.is_active = False
    user.save()


def be_signed_out_by_staff(client: Client, user: User) -> None:
    end_sessions(user)


def restore_a_backup(client: Client, user: User) -> None:
    lines = [line for _, line in database_restored.send(sender=None, now=timezone.now())]
    assert "API tokens revoked: 1." in lines


@pytest.mark.parametrize(
    "happens", [change_password, sign_out_everywhere_else, deactivate, be_signed_out_by_staff, restore_a_backup]
)
def test_it_revokes_all_tokens_of_the_account(alice: Affiliate, happens: Any) -> None:
    token = token_of(alice.user)
    happens(signed_in(alice.user), alice.user)
    assert not ApiToken.objects.exists()
    assert ask("balance", token).status_code == 401
    assert AuditEntry.objects.filter(action="api.token.revoked", actor=None).count() == 1


def test_it_leaves_the_tokens_of_others(alice: Affiliate, erin: Affiliate) -> None:
    token = token_of(erin.user)
    token_of(alice.user)
    change_password(signed_in(alice.user), alice.user)
    assert ask("balance", token).status_code == 200


def test_signing_in_and_out_leaves_them(alice: Affiliate) -> None:
    token = token_of(alice.user)
    client = signed_in(alice.user)
    client.post("/accounts/logout/")
    assert ask("balance", token).status_code == 200


def test_an_erasure_deletes_them(alice: Affiliate) -> None:
    token_of(alice.user)
    erase_person(email="alice@example.com")
    assert not ApiToken.objects.exists()


def test_an_expired_one_is_listed_for_a_month_and_then_deleted(alice: Affiliate, clock: time_machine.Traveller) -> None:
    token_of(alice.user)
    clock.shift(timedelta(days=119))
    purge_expired(now=timezone.now())
    assert "(expired)" in signed_in(alice.user).get(PORTAL).content.decode()
    clock.shift(timedelta(days=2))
    purge_expired(now=timezone.now())
    assert not ApiToken.objects.exists()


def test_the_account_page_and_the_profile_lead_to_the_tokens(alice: Affiliate, bob: User) -> None:
    for client, page, link in (
        (signed_in(alice.user), "/affiliates/portal/profile/", PORTAL),
        (signed_in(alice.user), "/accounts/security/", PORTAL),
        (signed_in(bob), "/accounts/security/", ADMIN),
    ):
        assert f'href="{link}"' in client.get(page).content.decode()


def test_each_scope_of_the_staffs_needs_a_permission() -> None:
    assert {scope for scope in Scope if scope.startswith("staff:")} == {*PERMISSIONS}


def test_the_archive_has_what_a_token_may_read_and_neither_token_nor_digest(alice: Affiliate) -> None:
    token_of(alice.user)
    [section] = [each for each in collect(email="alice@example.com") if each["what"] == "Your API tokens"]
    [row] = section["rows"]
    assert row["name"] == "spreadsheet"
    assert row["what it may read"] == "statistics earnings links"
    assert ApiToken.objects.get().digest not in str(row)
