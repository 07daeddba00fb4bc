"""Which tokens open the API, and how each other request is refused."""

from __future__ import annotations

import logging
import secrets
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from accounts.models import User
from affiliates.models import Affiliate
from api.endpoints.all import ENDPOINTS, OWN
from api.models import ApiToken
from api.scopes import PERMISSIONS, Scope
from api.tokens import authentication
from api.tokens.digests import digest, digests
from privacy.admin_base.staff_roles import Role
from privacy.encryption.keys import RootKey
from tests.accounts.test_roles import member

from .programs import API, ask, error_of, rows, token_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda one: one.name)
def test_a_stranger_is_asked_for_a_token(endpoint: Any) -> None:
    response = ask(endpoint.path)
    assert error_of(response) == (401, "token_required")
    assert response.headers["WWW-Authenticate"] == 'Bearer realm="api"'


@pytest.mark.parametrize(
    "header",
    ["Bearer", "Bearer ", "Bearer x", "Basic YTpi", "Token api_1", "Bearer api_é", "Bearer " + "a" * 5000, "bearer\tx"],
)
def test_a_malformed_header_is_refused(alice: Affiliate, header: str) -> None:
    assert error_of(ask("balance", Authorization=header)) == (401, "invalid_token")


def test_a_guess_is_refused_like_a_revoked_token(alice: Affiliate) -> None:
    token = token_of(alice.user)
    assert ask("balance", token).status_code == 200
    ApiToken.objects.all().delete()
    answers = [ask("balance", each) for each in (token, f"api_{secrets.token_urlsafe(32)}")]
    assert [error_of(each) for each in answers] == [(401, "invalid_token")] * 2
    assert answers[0].content == answers[1].content


def test_a_token_works_until_it_expires(alice: Affiliate, clock: time_machine.Traveller) -> None:
    token = token_of(alice.user, expires_at=timezone.now() + timedelta(days=7))
    clock.shift(timedelta(days=7, seconds=-1))
    assert ask("balance", token).status_code == 200
    clock.shift(timedelta(seconds=1))
    assert error_of(ask("balance", token)) == (401, "token_expired")


def test_a_token_from_the_future_is_refused(alice: Affiliate) -> None:
    token = token_of(alice.user)
    ApiToken.objects.update(made_at=timezone.now() + timedelta(days=1))
    assert error_of(ask("balance", token)) == (401, "invalid_token")


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda one: one.name)
def test_a_token_without_the_scope_reads_nothing(alice: Affiliate, bob: User, endpoint: Any) -> None:
    others = [scope for scope in Scope if scope != endpoint.scope]
    owner = alice.user if endpoint in OWN else bob
    assert error_of(ask(endpoint.path, token_of(owner, *others))) == (403, "scope_required")
    assert ask(endpoint.path, token_of(owner, endpoint.scope)).status_code == 200


@pytest.mark.parametrize("state", [Affiliate.State.SUSPENDED, Affiliate.State.CLOSED, Affiliate.State.MOVED])
def test_tokens_of_an_inactive_affiliate_stop_at_once(alice: Affiliate, state: str) -> None:
    token = token_of(alice.user)
    assert ask("balance", token).status_code == 200
    Affiliate.objects.update(state=state)
    for endpoint in OWN:
        assert error_of(ask(endpoint.path, token)) == (403, "account_inactive")


def test_tokens_of_a_deactivated_account_stop_at_once(alice: Affiliate, bob: User) -> None:
    for owner, path, scope in ((alice.user, "balance", Scope.EARNINGS), (bob, "staff/orders", Scope.ORDERS)):
        token = token_of(owner, scope)
        assert ask(path, token).status_code == 200
        User.objects.filter(pk=owner.pk).update(is_active=False)
        assert error_of(ask(path, token)) == (401, "account_inactive")


def test_an_affiliates_token_reads_nothing_of_the_staffs_even_with_their_scopes(alice: Affiliate) -> None:
    token = token_of(alice.user, *PERMISSIONS)
    for endpoint in ENDPOINTS[len(OWN) :]:
        assert error_of(ask(endpoint.path, token)) == (403, "permission_required")


def test_staff_without_an_affiliate_account_read_no_own_figures(bob: User) -> None:
    assert error_of(ask("balance", token_of(bob, Scope.EARNINGS))) == (403, "account_inactive")


# role: what it reads, of orders, licenses, commissions, payouts
@pytest.mark.parametrize(
    ("role", "reads"),
    [
        (Role.OWNER, "orders licenses commissions payouts"),
        (Role.SHOP, "orders licenses"),
        (Role.FINANCE, "orders commissions payouts"),
        (Role.AFFILIATES, "commissions payouts"),
        (Role.MAIL, ""),
        (Role.PRIVACY_OFFICER, ""),
    ],
)
def test_a_token_reaches_no_further_than_the_role_of_its_owner(role: Role, reads: str) -> None:
    token = token_of(member(role), *PERMISSIONS)
    for kind in ("orders", "licenses", "commissions", "payouts"):
        response = ask(f"staff/{kind}", token)
        if kind in reads.split():
            assert response.status_code == 200, kind
        else:
            assert error_of(response) == (403, "permission_required"), kind


def test_a_role_that_was_taken_away_counts_with_the_next_request() -> None:
    shop = member(Role.SHOP)
    token = token_of(shop, Scope.ORDERS)
    assert ask("staff/orders", token).status_code == 200
    shop.groups.clear()
    assert error_of(ask("staff/orders", token)) == (403, "permission_required")


def test_a_colleague_who_leaves_the_staff_loses_it_although_permissions_stay(bob: User) -> None:
    token = token_of(bob, Scope.ORDERS)
    User.objects.filter(pk=bob.pk).update(is_staff=False)
    assert error_of(ask("staff/orders", token)) == (403, "permission_required")


# --- A stolen copy of the database -----------------------------------------------------------------------------------


def test_nothing_in_the_database_works_as_a_token(alice: Affiliate) -> None:
    token = token_of(alice.user)
    row = ApiToken.objects.get()
    assert token not in "".join(map(str, ApiToken.objects.values_list("digest", "scopes", "name").get()))
    stolen = [row.digest, f"api_{row.digest}", f"api_{row.digest[:43]}", str(row.pk), f"api_{row.pk.hex}{'0' * 11}"]
    assert [ask("balance", value).status_code for value in stolen] == [401] * len(stolen)


def test_a_digest_depends_on_the_root_key(alice: Affiliate) -> None:
    token = token_of(alice.user)
    assert digest(token, RootKey(b"othr", b"o" * 32)) != ApiToken.objects.get().digest


def test_a_rotated_key_keeps_tokens_and_writes_their_digests_anew(
    alice: Affiliate, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = token_of(alice.user)
    former, new = digest(token), digest(token, RootKey(b"othr", b"o" * 32))
    monkeypatch.setattr(authentication, "digests", lambda sent: [new, *digests(sent)])
    assert ask("balance", token).status_code == 200
    assert ApiToken.objects.get().digest == new != former


# --- Limits ----------------------------------------------------------------------------------------------------------


def test_a_token_may_make_so_many_requests_a_minute(
    alice: Affiliate, monkeypatch: pytest.MonkeyPatch, clock: time_machine.Traveller
) -> None:
    monkeypatch.setattr(authentication, "PER_MINUTE", 3)
    token, other = token_of(alice.user), token_of(alice.user)
    assert [ask("balance", token).status_code for _ in range(4)] == [200, 200, 200, 429]
    refused = ask("balance", token)
    assert error_of(refused) == (429, "too_many_requests")
    assert 0 < int(refused.headers["Retry-After"]) <= 60
    assert ask("balance", other).status_code == 200
    clock.shift(timedelta(minutes=1))
    assert ask("balance", token).status_code == 200


def test_guessing_from_one_network_is_limited_and_locks_nobody_out(
    alice: Affiliate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(authentication, "WRONG_TOKENS", 3)
    guesses = [ask("balance", f"api_{secrets.token_urlsafe(32)}") for _ in range(5)]
    assert [each.status_code for each in guesses] == [401, 401, 401, 429, 429]
    assert ask("balance", token_of(alice.user)).status_code == 200


# --- What it leaves behind -------------------------------------------------------------------------------------------


def test_the_day_of_the_last_use_is_written_and_no_time(alice: Affiliate, clock: time_machine.Traveller) -> None:
    token = token_of(alice.user)
    assert ApiToken.objects.get().last_used_on is None
    ask("balance", token)
    assert str(ApiToken.objects.get().last_used_on) == "2026-03-02"
    clock.shift(timedelta(days=2))
    ask("balance", token)
    assert str(ApiToken.objects.get().last_used_on) == "2026-03-04"


def test_no_log_line_has_a_token(alice: Affiliate, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    token, guess = token_of(alice.user), f"api_{secrets.token_urlsafe(32)}"
    for sent in (token, guess):
        for path in ("balance", "nothing", "commissions?limit=x"):
            ask(path, sent)
    assert token not in caplog.text
    assert guess not in caplog.text


# --- Other requests --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete", "options", "trace"])
def test_only_reading_is_possible(alice: Affiliate, method: str) -> None:
    headers = {"Authorization": f"Bearer {token_of(alice.user)}"}
    for client in (Client(), Client(enforce_csrf_checks=True)):
        response = getattr(client, method)(f"{API}balance", headers=headers)
        assert error_of(response) == (405, "method_not_allowed")
        assert response.headers["Allow"] == "GET, HEAD"


def test_head_answers_like_get_without_a_body(alice: Affiliate) -> None:
    headers = {"Authorization": f"Bearer {token_of(alice.user)}"}
    response = Client().head(f"{API}balance", headers=headers)
    assert (response.status_code, response.content) == (200, b"")
    assert response.headers["ETag"]


@pytest.mark.parametrize("path", ["nothing", "balance/", "staff", "%00", "commissions/C123"])
def test_an_unknown_address_is_an_error_in_json(path: str) -> None:
    assert error_of(Client().get(f"{API}{path}")) == (404, "not_found")


def test_the_address_without_its_slash_leads_to_the_documentation() -> None:
    assert Client().get("/api/v1").headers["Location"] == "/api/v1/"


def test_a_failure_here_is_an_error_in_json(alice: Affiliate, monkeypatch: pytest.MonkeyPatch) -> None:
    token = token_of(alice.user)
    assert rows("balance", token)
    monkeypatch.setattr("api.endpoints.own.BalanceEndpoint.content", lambda self, now: 1 / 0)
    assert error_of(ask("balance", token)) == (500, "internal_error")
