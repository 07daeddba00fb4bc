"""Explanations of payouts and balances, down to each order, add up to the cent."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from affiliates.commissions.adjustments import adjust_ledger
from affiliates.models import Affiliate, Commission, LedgerEntry, PayoutItem
from affiliates.payouts.explanation import SumPart, explain_balance, explain_payout
from affiliates.payouts.runs import cancel_payout, prepare_payout
from privacy.audit.models import AuditEntry
from shop.models import Product
from shop.money import Money
from tests import factories
from tests.affiliates.sales import approved_sale, attributed_order, refund, sale

pytestmark = pytest.mark.usefixtures("clock", "paypal_down")


def paid_out(by: User) -> PayoutItem:
    prepare_payout(currency="USD", actor=by)
    return PayoutItem.objects.latest("created_at", "pk")


def sum_of(parts: list[SumPart]) -> int:
    return sum(part.entry.amount_minor for part in parts)


def words(page: str) -> str:
    return " ".join(page.split())


def read(staff: Client, address: str) -> str:
    response = staff.get(address)
    assert response.status_code == 200
    return words(response.content.decode())


def test_payout_explanation_adds_up(staff: Client, alice: Affiliate, product: Product, bob: User) -> None:
    approved_sale(alice, product)
    refund(approved_sale(alice, product), "20.00")
    adjust_ledger(affiliate=alice, amount=Money.of("1.11", "USD"), reason="a mistake of March", actor=bob)
    item = paid_out(bob)
    explained = explain_payout(item)
    assert len(explained.parts) == 4
    assert explained.total == item.total == Money(1799 + 1799 - 600 + 111, "USD")
    assert sum_of(explained.parts) == item.amount_minor
    page = read(staff, f"/admin/affiliates/payoutitem/{item.pk}/explain/")
    assert f"<strong>{item.total}</strong>" in page
    for text in ("30% of $59.95 is $17.985", "-$6.00", "a mistake of March", "reversal after a refund"):
        assert text in page
    assert "carol@example.org" not in page


def test_returned_payout_is_explained_inside_next_one(
    staff: Client, alice: Affiliate, product: Product, bob: User
) -> None:
    approved_sale(alice, product)
    first = paid_out(bob)
    cancel_payout(run=first.run)
    approved_sale(alice, product)
    second = paid_out(bob)
    explained = explain_payout(second)
    [returned] = [part for part in explained.parts if part.parts]
    assert returned.entry.amount_minor == sum_of(returned.parts) == first.amount_minor
    assert sum_of(explained.parts) == second.amount_minor
    page = read(staff, f"/admin/affiliates/payoutitem/{second.pk}/explain/")
    assert "Entries of that payout" in page
    assert page.count("30% of $59.95 is $17.985") == 2


def test_paginated_explanation_shows_total_of_other_pages(
    alice: Affiliate, product: Product, bob: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("affiliates.payouts.explanation.A_PAGE", 2)
    for _ in range(3):
        approved_sale(alice, product)
    item = paid_out(bob)
    first, second = explain_payout(item), explain_payout(item, page=2)
    assert (len(first.parts), len(second.parts)) == (2, 1)
    assert first.on_other_pages == second.on_this_page == Money(1799, "USD")
    assert first.on_this_page + first.on_other_pages == first.total == item.total


def test_balance_explanation_lists_unclaimed_entries(
    staff: Client, alice: Affiliate, product: Product, bob: User
) -> None:
    approved_sale(alice, product)
    paid_out(bob)
    approved_sale(alice, product, "10.00")
    explained = explain_balance(alice, currency="USD")
    assert explained.total == alice.ledger.balance("USD") == Money(300, "USD")
    assert sum_of(explained.parts) == 300
    page = read(staff, f"/admin/affiliates/affiliate/{alice.pk}/balance/USD/")
    assert "30% of $10.00" in page
    assert "$17.99 on Mar 2, 2026" in page


def test_zero_balance_explanation_says_so(staff: Client, alice: Affiliate) -> None:
    assert "There are no unclaimed entries" in read(staff, f"/admin/affiliates/affiliate/{alice.pk}/balance/USD/")
    assert staff.get(f"/admin/affiliates/affiliate/{alice.pk}/balance/XXX/").status_code == 404


def test_explanation_has_constant_query_count(staff: Client, alice: Affiliate, product: Product, bob: User) -> None:
    def queries() -> int:
        with CaptureQueriesContext(
            connection,
        ) as seen:
            explain_balance(alice, currency="USD")
        return len(seen)

    for _ in range(2):
        refund(approved_sale(alice, product), "5.00")
    few = queries()
    for _ in range(8):
        refund(approved_sale(alice, product), "5.00")
    assert queries() == few <= 9


def test_ledger_entry_links_to_its_explanation(staff: Client, alice: Affiliate, product: Product, bob: User) -> None:
    commission = approved_sale(alice, product)
    item = paid_out(bob)
    adjust_ledger(affiliate=alice, amount=Money.of("1.00", "USD"), reason="kindness", actor=bob)
    lines = {entry.kind: entry for entry in LedgerEntry.objects.all()}
    expected = {
        "commission": f"/admin/affiliates/commission/{commission.pk}/explain/",
        "payout": f"/admin/affiliates/payoutitem/{item.pk}/explain/",
        "adjustment": f"/admin/affiliates/adjustment/{lines['adjustment'].adjustment_id}/change/",
    }
    for kind, address in expected.items():
        response = staff.get(f"/admin/affiliates/ledgerentry/{lines[kind].pk}/explain/")
        assert (response.status_code, response["Location"]) == (302, address)
    assert f"/admin/affiliates/payoutitem/{item.pk}/explain/" in read(staff, expected["commission"])
    assert "explain/" in read(staff, "/admin/affiliates/ledgerentry/")


def test_explanation_of_order_without_commission(staff: Client, alice: Affiliate, product: Product) -> None:
    nobody = factories.order(product)
    unpaid = attributed_order(alice, product)
    earned = sale(alice, product).attribution.order
    assert "Nobody. It was placed without" in read(staff, f"/admin/affiliates/why/?reference={nobody.reference}")
    assert "None yet" in read(staff, f"/admin/affiliates/why/?reference={unpaid.reference}")
    page = read(staff, f"/admin/affiliates/why/?reference=%20{earned.reference.lower()}%20")
    assert "30% of $59.95" in page
    assert str(Commission.objects.get().pk) in page


@pytest.mark.parametrize("typed", ["NOSUCH", "", "%00", "x" * 300, "'; --"])
def test_unknown_order_reference_shows_message(staff: Client, typed: str) -> None:
    page = read(staff, f"/admin/affiliates/why/?reference={typed}")
    assert "errorlist" in page


def test_reading_explanation_is_audited(staff: Client, alice: Affiliate, product: Product, bob: User) -> None:
    approved_sale(alice, product)
    item = paid_out(bob)
    read(staff, f"/admin/affiliates/payoutitem/{item.pk}/explain/")
    assert AuditEntry.objects.filter(action="privacy.staff.read", object_id=str(item.pk)).exists()


def test_explanation_requires_permission(client: Client, alice: Affiliate, product: Product, bob: User) -> None:
    approved_sale(alice, product)
    item = paid_out(bob)
    pages = [
        f"/admin/affiliates/payoutitem/{item.pk}/explain/",
        f"/admin/affiliates/affiliate/{alice.pk}/balance/USD/",
        f"/admin/affiliates/ledgerentry/{LedgerEntry.objects.first().pk}/explain/",  # type: ignore[union-attr]
        "/admin/affiliates/why/",
    ]
    for page in pages:
        assert client.get(page).status_code == 302
    client.force_login(alice.user)
    for page in pages:
        assert client.get(page, follow=True).status_code == 403
    client.force_login(factories.user("erin@example.com", is_staff=True))
    for page in pages:
        assert client.get(page).status_code == 403


@pytest.mark.parametrize("page", ["", "{pk}/change/"], ids=["the list of payouts", "the page of one"])
def test_payout_pages_link_to_explanation(
    staff: Client, alice: Affiliate, product: Product, bob: User, page: str
) -> None:
    approved_sale(alice, product)
    item = prepare_payout(currency="USD", actor=bob).items.get()
    content = staff.get(f"/admin/affiliates/payoutitem/{page.format(pk=item.pk)}").content.decode()
    assert f'href="/admin/affiliates/payoutitem/{item.pk}/explain/"' in content
