"""The preview shows who would be paid, and why others are left out, before anything is claimed."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from affiliates.commissions.flags import raise_flag
from affiliates.models import Affiliate, Flag, PayoutClaim, PayoutItem, PayoutRun
from affiliates.payouts.item_states import release_funds
from affiliates.payouts.preview import PayoutCandidate, payable_now, preview_payout
from affiliates.payouts.runs import prepare_payout
from shop.models import Product
from tests import factories
from tests.affiliates.sales import approved_sale, refund

PAGE = "/admin/affiliates/payoutrun/preview/"


def why(affiliate: Affiliate) -> str:
    preview = preview_payout(currency="USD")
    assert affiliate not in [standing.affiliate for standing in preview.paid]
    [reason] = [standing.left_out for standing in preview.left_out if standing.affiliate == affiliate]
    assert reason is not None
    return reason.value


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"state": "suspended"}, "suspended"),
        ({"state": "closed"}, "closed"),
        ({"terms_version": "1999-01"}, "terms"),
        ({"payout_email": None}, "no_address"),
        ({"payout_email": "alice at home"}, "bad_address"),
        ({"payout_email": f"{'a' * 60}@{'b' * 60}.example.com"}, "bad_address"),
    ],
)
def test_preview_gives_reason_for_left_out_affiliate(
    alice: Affiliate, product: Product, changes: dict[str, Any], reason: str
) -> None:
    approved_sale(alice, product)
    assert [standing.affiliate for standing in preview_payout(currency="USD").paid] == [alice]
    for name, value in changes.items():
        setattr(alice, name, value)
    alice.save()
    assert why(alice) == reason


def test_preview_leaves_out_amount_below_minimum(alice: Affiliate, product: Product) -> None:
    approved_sale(alice, product, "30.00")
    assert why(alice) == "minimum"


def test_preview_leaves_out_held_commissions(alice: Affiliate, product: Product) -> None:
    commission = approved_sale(alice, product)
    raise_flag(attribution=commission.attribution, kind=Flag.Kind.BY_STAFF)
    assert why(alice) == "held"
    approved_sale(alice, product)
    [standing] = preview_payout(currency="USD").paid
    assert (str(standing.due), str(standing.held)) == ("$17.99", "$17.99")


def test_preview_leaves_out_affiliates_with_shared_address(alice: Affiliate, product: Product) -> None:
    erin = factories.affiliate("erin@example.com", "ERIN", payout_email="ALICE@example.com")
    for affiliate in (alice, erin):
        approved_sale(affiliate, product)
    assert (why(alice), why(erin)) == ("shared_address", "shared_address")


def test_invalid_address_does_not_block_other_payouts(alice: Affiliate, product: Product, bob: User) -> None:
    erin = factories.affiliate("erin@example.com", "ERIN", payout_email="not an address")
    for affiliate in (alice, erin):
        approved_sale(affiliate, product)
    assert [item.affiliate for item in prepare_payout(currency="USD", actor=bob).items.all()] == [alice]


def test_preview_has_constant_query_count(product: Product) -> None:
    costs = []
    for size in (2, 6):
        for number in range(size):
            approved_sale(factories.affiliate(f"{size}-{number}@example.com", f"CODE{size}-{number}"), product)
        with CaptureQueriesContext(connection) as queries:
            preview_payout(currency="USD")
            payable_now(currency="USD")
        costs.append(len(queries))
    assert costs[0] == costs[1] <= 12


def test_those_payable_now_are_those_of_the_preview(alice: Affiliate, product: Product) -> None:
    small = factories.affiliate("small@example.com", "SMALL")
    closing = factories.affiliate("closing@example.com", "CLOSING", state="closed", closed_at=timezone.now())
    sharing = factories.affiliate("sharing@example.com", "SHARING", payout_email="small@example.com")
    for affiliate, price in ((alice, "59.95"), (small, "30.00"), (closing, "30.00"), (sharing, "59.95")):
        approved_sale(affiliate, product, price)
    assert_agrees(2)


def assert_agrees(number: int) -> None:
    """The count on the start page, from the balances, says the same as the preview, from the entries."""

    def amounts(candidates: list[PayoutCandidate]) -> list[tuple[Affiliate, int, int]]:
        return [(one.affiliate, one.due_minor, one.held_minor) for one in candidates]

    now = amounts(payable_now(currency="USD"))
    assert now == amounts(preview_payout(currency="USD").paid)
    assert len(now) == number


def test_count_agrees_with_the_preview_whatever_was_paid_held_or_returned(
    alice: Affiliate, product: Product, bob: User
) -> None:
    erin = factories.affiliate("erin@example.com", "ERIN", payout_email="erin@example.com")
    for affiliate in (alice, erin):
        for _ in range(2):
            approved_sale(affiliate, product, "100.00")
    held = approved_sale(alice, product, "40.00")
    raise_flag(attribution=held.attribution, kind=Flag.Kind.SAME_PAYER)
    assert_agrees(2)
    run = prepare_payout(currency="USD", actor=bob)
    assert_agrees(0)  # all is claimed but what is held
    release_funds([run.items.get(affiliate=erin)], state=PayoutItem.State.RETURNED, error="RETURNED")
    assert_agrees(1)
    refund(approved_sale(alice, product, "100.00"), "50.00")
    assert_agrees(2)


def test_preview_page_claims_nothing(staff: Client, alice: Affiliate, product: Product) -> None:
    erin = factories.affiliate("erin@example.com", "ERIN", payout_email=None)
    for affiliate in (alice, erin):
        approved_sale(affiliate, product)
    page = staff.get(PAGE).content.decode()
    assert "would be paid a total of <strong>$17.99</strong>" in page
    assert "there is no PayPal address" in page
    assert "DEMO" in page and "ERIN" in page
    assert "alice@example.com" not in page
    assert not PayoutRun.objects.exists() and not PayoutClaim.objects.exists()


def test_preview_page_without_due_payouts_says_so(staff: Client) -> None:
    assert "Nobody can be paid now" in staff.get(PAGE).content.decode()


def test_preview_page_with_unknown_currency_shows_message(staff: Client) -> None:
    page = staff.get(PAGE, {"currency": "XXX"})
    assert page.status_code == 200
    assert "XXX is not one of the available choices" in page.content.decode()


def test_preview_page_requires_permission(client: Client, alice: Affiliate, vera: User) -> None:
    client.force_login(vera)
    assert client.get(PAGE).status_code == 403
    client.force_login(alice.user)
    assert client.get(PAGE).status_code == 302
