"""What an affiliate's program reads: their own figures, never another's, and nothing about who bought."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import Settings

from accounts.models import User
from affiliates.models import Affiliate, Attribution, LedgerEntry, TermsVersion
from affiliates.payouts.runs import prepare_payout
from api.endpoints.all import OWN
from privacy.registry.query_purposes import UndeclaredRead, observed
from shop.models import Product
from tests import factories
from tests.affiliates.sales import approved_sale, refund, sale
from tests.cast import signed_in

from .programs import ask, error_of, pages, rows, token_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]

MEMORY = {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": "api"}


@pytest.fixture
def busy(alice: Affiliate, erin: Affiliate, product: Product, bob: User) -> str:
    """Alice has clicks, three sales, a refund, a payout and a label; Erin has a sale of another price."""
    approved_sale(alice, product)
    prepare_payout(currency="USD", actor=bob)
    sale(alice, product, campaign="newsletter")
    refund(approved_sale(alice, product, "20.00"), "20.00")
    sale(erin, product, "40.00")
    factories.click(alice)
    return token_of(alice.user)


def test_statistics_count_clicks_and_sales_by_day(busy: str, clock: time_machine.Traveller) -> None:
    days = rows("statistics", busy, since="2026-03-01", until="2026-03-02")
    assert [day["day"] for day in days] == ["2026-03-01", "2026-03-02"]
    assert days[0]["clicks"] == days[0]["sales"] == 0
    assert (days[1]["clicks"], days[1]["sales"]) == (1, 3)
    assert days[1]["revenue"] == {"amount": "139.90", "currency": "USD"}
    assert len(rows("statistics", busy)) == 30
    clock.shift(timedelta(days=1))
    assert rows("statistics", busy)[-1]["day"] == "2026-03-03"


def test_balance_is_that_of_the_ledger(busy: str, alice: Affiliate) -> None:
    [balance] = rows("balance", busy)
    assert balance["balance"]["amount"] == str(LedgerEntry.objects.filter(affiliate=alice).balance("USD").amount)
    assert balance["pending"] == {"amount": "17.99", "currency": "USD"}
    assert balance["in_payout"] == {"amount": "17.99", "currency": "USD"}
    assert balance["paid"] == {"amount": "0.00", "currency": "USD"}


def test_balance_of_a_new_affiliate_is_zero(erin: Affiliate) -> None:
    assert rows("balance", token_of(erin.user))[0]["balance"] == {"amount": "0.00", "currency": "USD"}


def test_commissions_say_what_the_portal_says(busy: str) -> None:
    reversed_one, pending, paid_out = rows("commissions", busy)
    assert (paid_out["state"], pending["state"], reversed_one["state"]) == ("in_payout", "pending", "reversed")
    assert reversed_one["remaining"]["amount"] == "0.00"
    assert reversed_one["reason"] == "the order was refunded"
    assert pending["rate"] == "30%"
    assert pending["day"] == "2026-03-02"
    assert pending["source"] == "link"


def test_ledger_adds_up_to_the_balance(busy: str) -> None:
    entries = rows("ledger", busy)
    assert {entry["kind"] for entry in entries} == {"commission", "payout", "reversal"}
    total = sum(float(entry["amount"]["amount"]) for entry in entries)
    assert f"{total:.2f}" == rows("balance", busy)[0]["balance"]["amount"]


def test_payouts_are_listed_with_their_meaning(busy: str, alice: Affiliate) -> None:
    [payout] = rows("payouts", busy)
    assert payout["id"] == str(alice.payouts.get().pk)
    assert payout["state"] == "queued"
    assert payout["meaning"].startswith("Prepared.")
    assert payout["settled"] is None


def test_links_are_those_of_the_portal(busy: str) -> None:
    plain, labeled = rows("links", busy)
    assert plain["url"].endswith("/go/DEMO/")
    assert (labeled["label"], labeled["url"].rpartition("?")[2]) == ("newsletter", "sub=newsletter")


def test_links_wait_until_new_terms_are_accepted(busy: str) -> None:
    number = TermsVersion.objects.next_number()
    now = timezone.now()
    TermsVersion.objects.create(number=number, text="We pay.", effective_from=now, published_at=now)
    assert error_of(ask("links", busy)) == (403, "terms_required")
    assert ask("balance", busy).status_code == 200


# --- Nobody else's ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("endpoint", OWN, ids=lambda one: one.name)
def test_another_affiliates_token_shows_none_of_it(busy: str, erin: Affiliate, product: Product, endpoint: Any) -> None:
    own, others = (ask(endpoint.path, token).content.decode() for token in (busy, token_of(erin.user)))
    assert own != others
    for mine in ("17.99", "DEMO", "newsletter"):
        assert mine not in others


@pytest.mark.parametrize("endpoint", OWN, ids=lambda one: one.name)
def test_nothing_tells_who_bought_or_when(busy: str, endpoint: Any) -> None:
    response = ask(endpoint.path, busy)
    seen = f"{response.headers} {response.content.decode()}"
    assert "data" in seen
    for each in Attribution.objects.select_related("order", "commission"):
        for secret in (each.order.reference, each.order_id, each.pk, each.commission.pk, "Carol", "carol@example.org"):
            assert str(secret) not in seen
            assert getattr(secret, "hex", str(secret)) not in seen
    assert "12:00" not in seen  # noon, when all of it happened


@pytest.mark.parametrize("endpoint", OWN, ids=lambda one: one.name)
def test_it_reads_for_declared_purposes_alone(busy: str, endpoint: Any) -> None:
    undeclared: list[UndeclaredRead] = []
    with observed(undeclared.append):
        assert ask(endpoint.path, busy).status_code == 200
    assert undeclared == []


@pytest.mark.parametrize("endpoint", OWN, ids=lambda one: one.name)
def test_a_page_costs_at_most_three_queries(busy: str, settings: Settings, endpoint: Any) -> None:
    settings.CACHES = {**settings.CACHES, "limits": MEMORY}  # as with Redis: the limits cost no query
    assert ask(endpoint.path, busy).status_code == 200  # which writes the day of use
    with CaptureQueriesContext(connection) as queries:
        assert ask(endpoint.path, busy).status_code == 200
    assert len(queries) <= 3, [query["sql"] for query in queries]


def test_each_page_of_a_list_costs_the_same(busy: str, alice: Affiliate, product: Product, settings: Settings) -> None:
    settings.CACHES = {**settings.CACHES, "limits": MEMORY}
    for _ in range(4):
        sale(alice, product)
    cursor = ask("commissions", busy, {"limit": 2}).json()["next_cursor"]
    with CaptureQueriesContext(connection) as queries:
        assert len(rows("commissions", busy, limit=2, cursor=cursor)) == 2
    assert len(queries) == 2
    assert "COUNT(" not in " ".join(query["sql"] for query in queries)


# --- Pages -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["commissions", "ledger", "payouts"])
def test_pages_have_each_row_once(busy: str, path: str) -> None:
    whole = rows(path, busy)
    assert whole
    for limit in (1, 2, 100):
        assert [row for page in pages(path, busy, limit) for row in page] == whole


def test_a_replayed_cursor_shows_the_same_page_although_a_sale_was_added(
    busy: str, alice: Affiliate, product: Product
) -> None:
    cursor = ask("commissions", busy, {"limit": 1}).json()["next_cursor"]
    before = rows("commissions", busy, limit=1, cursor=cursor)
    sale(alice, product)
    assert rows("commissions", busy, limit=1, cursor=cursor) == before


def test_a_cursor_is_of_no_use_in_another_list_or_account(busy: str, erin: Affiliate, product: Product) -> None:
    cursor = ask("commissions", busy, {"limit": 1}).json()["next_cursor"]
    assert error_of(ask("ledger", busy, {"cursor": cursor})) == (400, "invalid_parameter")
    assert error_of(ask("commissions", token_of(erin.user), {"cursor": cursor})) == (400, "invalid_parameter")


def test_a_cursor_that_was_changed_is_refused(busy: str) -> None:
    cursor = ask("commissions", busy, {"limit": 1}).json()["next_cursor"]
    swapped = cursor[:30] + ("A" if cursor[30] != "A" else "B") + cursor[31:]
    for changed in (cursor[:-4], swapped, "nonsense", "é" * 40, "", cursor * 9):
        response = ask("commissions", busy, {"cursor": changed})
        assert error_of(response) == (400, "invalid_parameter"), changed
        assert response.json()["error"]["parameter"] == "cursor"


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("commissions", {"limit": "0"}),
        ("commissions", {"limit": "101"}),
        ("commissions", {"limit": "-1"}),
        ("commissions", {"limit": "١"}),
        ("commissions", {"limit": ["1", "2"]}),
        ("statistics", {"since": "yesterday"}),
        ("statistics", {"since": "2026-02-30"}),
        ("statistics", {"since": "20260301"}),
        ("statistics", {"since": "2026-03-02", "until": "2026-03-01"}),
        ("statistics", {"since": "1999-12-31", "until": "2000-01-01"}),
        ("statistics", {"until": "0001-01-01"}),
        ("statistics", {"until": "2026-03-03"}),
        ("statistics", {"until": "9999-12-31"}),
        ("statistics", {"since": "2025-01-01"}),
        ("statistics", {"currency": "usd"}),
        ("statistics", {"currency": "\x00"}),
    ],
)
def test_a_wrong_parameter_is_named(alice: Affiliate, path: str, query: dict[str, Any]) -> None:
    response = ask(path, token_of(alice.user), query)
    assert error_of(response) == (400, "invalid_parameter")
    assert response.json()["error"]["parameter"] in {*query, "since"}


@pytest.mark.parametrize("name", ["limits", "ref", "token", "access_token", "offset"])
def test_an_unknown_parameter_is_refused_and_sets_no_cookie(alice: Affiliate, name: str) -> None:
    response = ask("commissions", token_of(alice.user), {name: "DEMO"})
    assert error_of(response) == (400, "unknown_parameter")
    assert response.json()["error"]["parameter"] == name
    assert not response.cookies


# --- Unchanged -------------------------------------------------------------------------------------------------------


def test_an_unchanged_answer_is_an_empty_304(busy: str, alice: Affiliate, product: Product) -> None:
    first = ask("commissions", busy)
    etag = first.headers["ETag"]
    again = ask("commissions", busy, **{"If-None-Match": etag})
    assert (again.status_code, again.content, again.headers["ETag"]) == (304, b"", etag)
    assert again.headers["Cache-Control"] == first.headers["Cache-Control"] == "private, no-cache"
    sale(alice, product)
    changed = ask("commissions", busy, **{"If-None-Match": etag})
    assert changed.status_code == 200
    assert changed.headers["ETag"] != etag


def test_an_unchanged_page_of_several_is_an_empty_304(alice: Affiliate, product: Product) -> None:
    """Although its cursor is sealed anew each time."""
    for _ in range(3):
        sale(alice, product)
    token = token_of(alice.user)
    first, second = (ask("commissions", token, {"limit": 2}) for _ in range(2))
    cursors = [response.json()["next_cursor"] for response in (first, second)]
    assert cursors[0] != cursors[1]
    assert first.headers["ETag"] == second.headers["ETag"]
    unchanged = ask("commissions", token, {"limit": 2}, **{"If-None-Match": first.headers["ETag"]})
    assert (unchanged.status_code, unchanged.content) == (304, b"")
    last = [ask("commissions", token, {"limit": 2, "cursor": cursor}) for cursor in cursors]
    assert last[0].json() == last[1].json()
    assert last[0].headers["ETag"] == last[1].headers["ETag"] != first.headers["ETag"]
    sale(alice, product)
    changed = ask("commissions", token, {"limit": 2}, **{"If-None-Match": first.headers["ETag"]})
    assert changed.status_code == 200
    assert changed.json()["next_cursor"]


def test_no_cache_may_share_an_answer_and_no_cookie_is_set(busy: str) -> None:
    response = ask("balance", busy)
    assert response.headers["Vary"] == "Authorization"
    assert response.headers["Cache-Control"] == "private, no-cache"
    assert not response.cookies
    assert "Content-Encoding" not in response.headers
    assert "Access-Control-Allow-Origin" not in response.headers


def test_a_session_is_no_token(busy: str, alice: Affiliate) -> None:
    assert error_of(signed_in(alice.user).get("/api/v1/balance")) == (401, "token_required")
