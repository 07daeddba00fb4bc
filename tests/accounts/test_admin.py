"""The staff's pages: one sign-in for the whole site, accounts found by exact address, no address left behind."""

from __future__ import annotations

from typing import Any

import pytest
from bs4 import BeautifulSoup
from django.contrib.admin.models import LogEntry
from django.core import mail
from django.test import Client

from accounts.models import User
from affiliates.models import Affiliate
from privacy.audit.models import AuditEntry
from tests import factories
from tests.cast import signed_in
from tests.privacy.inbox import link_mailed_to

pytestmark = pytest.mark.django_db

LIST = "/admin/accounts/user/"


def listed(client: Client, term: str) -> list[str]:
    page = BeautifulSoup(client.get(LIST, {"q": term}).content, "html.parser")
    return [cell.get_text() for cell in page.select("#result_list .field-__str__")]


@pytest.mark.parametrize("path", ["/admin/", "/admin/shop/order/", "/admin/accounts/user/add/"])
def test_a_stranger_is_sent_to_the_sites_own_sign_in(client: Client, path: str) -> None:
    response = client.get(path, follow=True)
    assert response.redirect_chain[-1][0] == f"/accounts/login/?next={path}"
    assert "For affiliates and staff" in response.content.decode()


def test_the_way_to_the_sign_in_is_no_way_elsewhere(client: Client) -> None:
    response = client.get("/admin/login/?next=https://evil.example/", follow=True)
    assert "evil" not in str(BeautifulSoup(response.content, "html.parser").find("main"))


def test_staff_come_back_to_where_they_wanted_to_go(client: Client, bob: User) -> None:
    path = client.get(LIST, follow=True).redirect_chain[-1][0]
    response = client.post(path, {"email": "bob@example.com", "password": "correct horse battery"})
    assert response["Location"] == LIST


@pytest.mark.parametrize("path", ["/admin/", LIST, "/admin/login/"])
def test_an_affiliate_is_told_no_instead_of_being_sent_around(alice: Affiliate, path: str) -> None:
    client = signed_in(alice.user)
    response = client.get(path, follow=True)
    assert response.status_code == 403
    assert len(response.redirect_chain) <= 1
    assert "don't have access" in response.content.decode()


@pytest.mark.parametrize("typed", ["alice@example.com", " ALICE@Example.com "])
def test_an_account_is_found_by_its_exact_address(staff: Client, alice: Affiliate, typed: str) -> None:
    assert listed(staff, typed) == ["Alice"]


@pytest.mark.parametrize("typed", ["alice@example", "lice@example.com"])
def test_an_incomplete_address_finds_nothing(staff: Client, alice: Affiliate, typed: str) -> None:
    assert listed(staff, typed) == []


@pytest.mark.parametrize("typed", ["alice", "ALÎCE", "@example.com alice"])
def test_an_account_is_found_by_words_of_name_and_address_which_is_audited(
    staff: Client, alice: Affiliate, typed: str
) -> None:
    assert len(listed(staff, typed)) == 1
    assert AuditEntry.objects.filter(action="privacy.staff.search", object_model="accounts.user").count() == 1


def test_an_account_is_found_by_a_part_of_its_id(staff: Client, alice: Affiliate) -> None:
    assert listed(staff, str(alice.user.pk)[-8:]) == ["Alice"]


def test_list_names_accounts_is_audited_once_and_takes_as_many_queries_for_many(
    staff: Client, django_assert_max_num_queries: Any
) -> None:
    for number in range(20):
        factories.user(f"person{number}@example.org", name=f"Person {number}")
    with django_assert_max_num_queries(16):
        page = staff.get(LIST).content.decode()
    assert "person1@example.org" in page
    assert "Person 1" in page
    assert AuditEntry.objects.filter(action="privacy.staff.listed", object_model="accounts.user").count() == 1


def test_list_separates_the_team_from_affiliates(staff: Client, alice: Affiliate) -> None:
    assert "Alice" not in staff.get(LIST, {"kind": "team"}).content.decode()
    affiliates = staff.get(LIST, {"kind": "affiliates"}).content.decode()
    assert "alice@example.com" in affiliates
    assert "bob@example.com" not in str(BeautifulSoup(affiliates, "html.parser").select("#result_list"))


def change(client: Client, user: User, **fields: Any) -> Any:
    data = {"email": user.email, "name": user.name or "", "is_active": "on", **fields}
    return client.post(f"{LIST}{user.pk}/change/", data)


def test_staff_changes_are_audited_without_an_address(staff: Client, alice: Affiliate) -> None:
    assert change(staff, alice.user, email="alice@example.net", name="Alice Liddell").status_code == 302
    [entry] = LogEntry.objects.all()
    assert entry.object_repr == f"user {str(alice.user.pk)[-8:]}"
    assert "alice" not in f"{entry.object_repr} {entry.change_message} {entry}".lower()
    assert User.objects.get(email_index="alice@example.net") == alice.user


def test_an_address_that_somebody_else_has_is_refused_and_kept_as_typed(staff: Client, alice: Affiliate) -> None:
    response = change(staff, alice.user, email="BOB@example.com")
    assert response.status_code == 200
    assert "Another account has this address." in response.content.decode()
    assert 'value="BOB@example.com"' in response.content.decode()


def test_ones_own_address_may_be_written_differently(staff: Client, alice: Affiliate) -> None:
    assert change(staff, alice.user, email="Alice@Example.com").status_code == 302
    alice.user.refresh_from_db()
    assert alice.user.email == "Alice@Example.com"


def test_a_new_account_sets_its_own_password(staff: Client) -> None:
    response = staff.post(f"{LIST}add/", {"email": "carol@example.com", "name": "Carol", "is_active": "on"})
    assert response.status_code == 302
    carol = User.objects.get(email_index="carol@example.com")
    assert not carol.has_usable_password()
    assert link_mailed_to("carol@example.com").startswith("/accounts/password/")
    assert "that has no password yet" in str(mail.outbox[-1].body)
    assert "requested a password reset on our sign-in page" not in str(mail.outbox[-1].body)


def test_no_account_is_deleted_past_the_rules_of_erasure(staff: Client, alice: Affiliate) -> None:
    assert staff.post(f"{LIST}{alice.user.pk}/delete/", {"post": "yes"}).status_code == 403
    staff.post(LIST, {"action": "delete_selected", "_selected_action": str(alice.user.pk), "post": "yes"})
    assert User.objects.filter(pk=alice.user.pk).exists()
