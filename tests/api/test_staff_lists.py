"""What a program of the staff's reads: the lists of their role, with personal data only where a scope says so."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from accounts.models import User
from affiliates.models import Affiliate, Commission, PayoutItem
from affiliates.payouts.runs import prepare_payout
from api.endpoints.all import OF_AFFILIATES, OF_ORDERS
from api.scopes import PERMISSIONS, Scope
from privacy.audit.models import AuditEntry
from privacy.registry.query_purposes import UndeclaredRead, observed
from shop.models import License, Order, Product
from tests import factories
from tests.affiliates.sales import approved_sale, sale

from .programs import ask, pages, rows, token_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]

STAFF = [*OF_ORDERS, *OF_AFFILIATES]
NOON = "2026-03-02T12:00:00Z"
MEMORY = {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": "api"}


@pytest.fixture
def token(alice: Affiliate, product: Product, bob: User) -> str:
    """Bob's, with all scopes; there are three orders, two commissions, a payout and a license."""
    approved_sale(alice, product)
    sale(alice, product)
    factories.order(product, discount_minor=500, discount_codes="SPRING10", tax_name="VAT", tax_percent=20)
    prepare_payout(currency="USD", actor=bob)
    return token_of(bob, *PERMISSIONS)


def test_orders_have_amounts_states_and_times(token: str) -> None:
    newest, *others = rows("staff/orders", token)
    assert len(others) == 2
    assert newest["discount"] == {"amount": "5.00", "currency": "USD"}
    assert (newest["discount_codes"], newest["tax"], newest["state"]) == ("SPRING10", "VAT 20%", "open")
    assert (newest["placed_at"], newest["paid_at"]) == (NOON, None)
    assert {order["reference"] for order in (newest, *others)} == {*Order.objects.values_list("reference", flat=True)}


def test_buyers_are_named_with_the_scope_alone(token: str, bob: User) -> None:
    newest = rows("staff/orders", token)[0]
    assert (newest["buyer_name"], newest["buyer_email"]) == ("Carol Customer", "carol@example.org")
    without = ask("staff/orders", token_of(bob, Scope.ORDERS))
    assert "buyer_name" in without.json()["data"][0]
    assert "Carol" not in without.content.decode()
    assert "carol@example.org" not in without.content.decode()


def test_sealed_columns_are_not_even_selected_without_the_scope(token: str, bob: User) -> None:
    for path, scopes, column in (
        ("staff/orders", [Scope.ORDERS], '"shop_order"."email"'),
        ("staff/licenses", [Scope.LICENSES], '"shop_license"."key"'),
    ):
        with CaptureQueriesContext(connection) as queries:
            assert rows(path, token_of(bob, *scopes))
            assert rows(path, token)
        selecting = [query["sql"] for query in queries if column in query["sql"]]
        assert len(selecting) == 1, path


def test_license_keys_are_shown_with_the_scope_alone(token: str, bob: User) -> None:
    keys = {row["key"] for row in rows("staff/licenses", token)}
    assert keys == {one.key for one in License.objects.all()}
    assert {row["key"] for row in rows("staff/licenses", token_of(bob, Scope.LICENSES))} == {None}


def test_commissions_name_order_and_affiliate_by_number_and_code(token: str) -> None:
    pending, approved = rows("staff/commissions", token)
    assert (pending["affiliate"], pending["state"], approved["state"]) == ("DEMO", "pending", "in_payout")
    commission = Commission.objects.get(number=pending["number"])
    assert pending["order"] == commission.attribution.order.reference
    assert pending["commission"] == {"amount": "17.99", "currency": "USD"}
    assert (pending["created_at"], pending["approved_at"], approved["approved_at"]) == (NOON, None, NOON)


def test_payouts_have_no_address(token: str) -> None:
    response = ask("staff/payouts", token)
    [payout] = response.json()["data"]
    item = PayoutItem.objects.get()
    assert (payout["id"], payout["run"], payout["affiliate"]) == (str(item.pk), str(item.run_id), "DEMO")
    assert "alice@example.com" not in response.content.decode()


@pytest.mark.parametrize("endpoint", STAFF, ids=lambda one: one.name)
def test_a_page_costs_at_most_three_queries_besides_its_audit_entry(
    token: str, settings: Settings, endpoint: Any
) -> None:
    settings.CACHES = {**settings.CACHES, "limits": MEMORY}  # as with Redis: the limits cost no query
    assert rows(endpoint.path, token)  # which writes the day of use
    with CaptureQueriesContext(connection) as queries:
        assert rows(endpoint.path, token, limit=1)
    others = [query["sql"] for query in queries if "audit_auditentry" not in query["sql"]]
    reading = [sql for sql in others if sql.startswith("SELECT") and "pg_advisory" not in sql]
    assert len(reading) == 2, others
    assert not any("COUNT(" in sql for sql in others)


@pytest.mark.parametrize("endpoint", STAFF, ids=lambda one: one.name)
def test_it_reads_for_declared_purposes_alone(token: str, endpoint: Any) -> None:
    undeclared: list[UndeclaredRead] = []
    with observed(undeclared.append):
        assert ask(endpoint.path, token).status_code == 200
    assert undeclared == []


@pytest.mark.parametrize("path", ["staff/orders", "staff/commissions"])
def test_pages_have_each_row_once(token: str, path: str) -> None:
    whole = rows(path, token)
    assert [row for page in pages(path, token, 1) for row in page] == whole


def test_what_staff_read_is_audited_under_their_name_unless_it_is_unchanged(token: str, bob: User) -> None:
    entries = AuditEntry.objects.filter(action="api.staff.listed")
    first = ask("staff/orders", token)
    assert [(entry.actor, entry.object_model) for entry in entries] == [(bob.pk, "shop.order")]
    assert ask("staff/orders", token, **{"If-None-Match": first.headers["ETag"]}).status_code == 304
    assert entries.count() == 1


def test_an_unchanged_page_of_several_is_a_304_and_not_audited_again(token: str) -> None:
    entries = AuditEntry.objects.filter(action="api.staff.listed")
    first = ask("staff/orders", token, {"limit": 1})
    assert first.json()["next_cursor"]
    assert entries.count() == 1
    again = ask("staff/orders", token, {"limit": 1}, **{"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.content, entries.count()) == (304, b"", 1)
    assert ask("staff/orders", token, {"limit": 1}).status_code == 200
    assert entries.count() == 2


def test_a_deleted_buyer_is_null(token: str) -> None:
    Order.objects.update(name=None, email=None)
    assert rows("staff/orders", token)[0]["buyer_email"] is None
