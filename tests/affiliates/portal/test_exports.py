"""CSV exports: exact, safe in a spreadsheet, and without any customer."""

from __future__ import annotations

import csv
from io import StringIO

import pytest
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from affiliates.commissions.adjustments import adjust_ledger
from affiliates.models import Affiliate
from affiliates.payouts.runs import prepare_payout
from shop.models import Product
from shop.money import Money
from tests.affiliates.sales import approved_sale, refund, sale
from tests.cast import signed_in

from .pages import PORTAL

pytestmark = pytest.mark.usefixtures("clock")


def rows(affiliate: Affiliate, kind: str, query: str = "") -> list[dict[str, str]]:
    response = signed_in(affiliate.user).get(f"{PORTAL}files/{kind}.csv{query}")
    assert response.status_code == 200
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    assert response["Content-Disposition"] == f'attachment; filename="{kind}-{affiliate.code}.csv"'
    assert "no-store" in response["Cache-Control"]
    text = response.getvalue().decode("utf-8-sig")
    assert "Carol" not in text
    assert "carol@example.org" not in text
    return list(csv.DictReader(StringIO(text)))


def test_commissions_csv_has_exact_amounts(alice: Affiliate, product: Product) -> None:
    commission = sale(alice, product, "1059.95", campaign="may")
    refund(commission, "59.95")
    row = rows(alice, "commissions")[0]
    assert row["number"] == commission.number
    assert commission.attribution.order.reference not in str(row)
    names = ("day", "source", "base", "rate", "commission", "reversed", "remaining", "currency", "state")
    assert [row[name] for name in names] == [
        *("2026-03-02", "link", "1059.95", "30%", "317.99", "17.99", "300.00", "USD", "pending")
    ]


def test_commissions_csv_follows_page_filter(alice: Affiliate, product: Product) -> None:
    sale(alice, product, "11.00")
    approved_sale(alice, product, "22.00")
    assert [row["base"] for row in rows(alice, "commissions", "?state=approved")] == ["22.00"]
    assert len(rows(alice, "commissions")) == 2


def test_ledger_csv_adds_up_to_balance(alice: Affiliate, product: Product, bob: User) -> None:
    paid = approved_sale(alice, product)
    prepare_payout(currency="USD", actor=bob)
    refund(paid, "59.95")
    found = rows(alice, "ledger")
    assert [row["amount"] for row in found] == ["17.99", "-17.99", "-17.99"]
    assert sum(round(float(row["amount"]) * 100) for row in found) == alice.ledger.balance("USD").minor


def test_payouts_csv_explains_states(alice: Affiliate, product: Product, bob: User) -> None:
    approved_sale(alice, product)
    prepare_payout(currency="USD", actor=bob)
    row = rows(alice, "payouts")[0]
    assert (row["amount"], row["state"]) == ("17.99", "waiting")
    assert row["meaning"].startswith("Prepared")


def test_csv_reason_cannot_be_formula(alice: Affiliate, bob: User) -> None:
    adjust_ledger(affiliate=alice, amount=Money(-250, "USD"), reason='=1+1", x\ny', actor=bob)
    row = rows(alice, "ledger")[0]
    assert row["amount"] == "-2.50"
    assert row["description"] == 'Correction: =1+1", x\ny'


def test_unknown_csv_export_is_not_found(alice: Affiliate) -> None:
    assert signed_in(alice.user).get(f"{PORTAL}files/commissions.csv").status_code == 200
    assert signed_in(alice.user).get(f"{PORTAL}files/clicks.csv").status_code == 404


@pytest.mark.parametrize("kind", ["commissions", "ledger", "payouts"])
def test_csv_exports_have_constant_query_count(
    alice: Affiliate, product: Product, kind: str, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    client = signed_in(alice.user)
    for count in (1, 39):
        for _ in range(count):
            approved_sale(alice, product)
        with django_assert_num_queries(4):
            client.get(f"{PORTAL}files/{kind}.csv").getvalue()
