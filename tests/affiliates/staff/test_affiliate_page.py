"""An affiliate's page for staff: the whole account, with a constant number of queries."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from affiliates.commissions.flags import raise_flag
from affiliates.commissions.objections import open_objection
from affiliates.commissions.rates import set_rate
from affiliates.models import Affiliate, Flag, PayoutItem
from affiliates.payouts.runs import prepare_payout
from affiliates.staff.affiliate_summary import account_of
from shop.models import Product
from shop.money import Money
from tests import factories
from tests.affiliates.sales import approved_sale, refund, sale
from tests.cast import signed_in

pytestmark = pytest.mark.usefixtures("clock", "paypal_down")


def read(staff: Client, affiliate: Affiliate) -> str:
    response = staff.get(f"/admin/affiliates/affiliate/{affiliate.pk}/change/")
    assert response.status_code == 200
    return " ".join(response.content.decode().split())


def test_affiliate_page_shows_whole_account(staff: Client, alice: Affiliate, product: Product, bob: User) -> None:
    approved_sale(alice, product)
    prepare_payout(currency="USD", actor=bob)
    item = PayoutItem.objects.get()
    held = sale(alice, product, "100.00")
    flag = raise_flag(attribution=held.attribution, kind=Flag.Kind.SAME_PAYER)
    dispute = open_objection(commission=held, text="Why?", actor=alice.user)
    factories.click(alice)
    page = read(staff, alice)
    for text in (
        "<strong>30%</strong>: the program&#x27;s default rate",
        f"/admin/affiliates/payoutitem/{item.pk}/explain/",
        f"/admin/affiliates/flag/{flag.pk}/decide/",
        f"/admin/affiliates/objection/{dispute.pk}/answer/",
        f"/admin/affiliates/affiliate/{alice.pk}/balance/USD/",
        "$30.00",
        "$159.95",
        "the order was paid from the affiliate&#x27;s PayPal account",
    ):
        assert text in page


def test_affiliate_page_totals_match_commissions_and_ledger(alice: Affiliate, product: Product, bob: User) -> None:
    refund(approved_sale(alice, product), "20.00")
    prepare_payout(currency="USD", actor=bob)
    approved_sale(alice, product, "10.00")
    sale(alice, product, "100.00")
    [balance] = account_of(alice, now=timezone.now()).balances
    assert balance.account == alice.ledger.balance("USD") == Money(300, "USD")
    assert (balance.pending, balance.approved) == (Money(3000, "USD"), Money(300, "USD"))
    assert (balance.in_payout, balance.paid) == (Money(1199, "USD"), Money(0, "USD"))


def test_affiliate_page_explains_rate(staff: Client, alice: Affiliate, product: Product, bob: User) -> None:
    set_rate(affiliate=alice, percent=Decimal(40), actor=bob)
    set_rate(affiliate=alice, product=product, percent=Decimal(55), actor=bob)
    page = read(staff, alice)
    assert "<strong>40%</strong>: the affiliate&#x27;s own rate" in page
    assert "55% for BPS Pro" in page
    assert f"/admin/affiliates/rate/add/?affiliate={alice.pk}" in page


def test_affiliate_page_highlights_overdue_objection(
    staff: Client, alice: Affiliate, product: Product, bob: User, clock: time_machine.Traveller
) -> None:
    open_objection(commission=sale(alice, product), text="Why?", actor=alice.user)
    assert 'class="overdue"' not in read(staff, alice)
    clock.shift(timedelta(days=40))
    staff.force_login(bob)
    assert 'class="overdue"' in read(staff, alice)


def test_affiliate_page_says_that_nothing_is_open(staff: Client, alice: Affiliate) -> None:
    page = read(staff, alice)
    assert "No open flags or objections." in page
    assert "None yet." in page


def test_affiliate_page_has_constant_query_count(staff: Client, alice: Affiliate, product: Product, bob: User) -> None:
    def one_more() -> int:
        approved_sale(alice, product)
        held = sale(alice, product)
        raise_flag(attribution=held.attribution, kind=Flag.Kind.SAME_PAYER)
        open_objection(commission=held, text="Why?", actor=alice.user)
        prepare_payout(currency="USD", actor=bob)
        with CaptureQueriesContext(connection) as seen:
            read(staff, alice)
        return len(seen)

    one_more()
    few = one_more()
    for _ in range(3):
        many = one_more()
    assert many == few <= 34  # each period of the report looks which of its days are summed


def test_affiliate_page_hides_money_without_permission(alice: Affiliate, product: Product, vera: User) -> None:
    from django.contrib.auth.models import Permission

    approved_sale(alice, product)
    vera.user_permissions.add(Permission.objects.get(codename="view_affiliate"))
    client = signed_in(vera)
    page = read(client, alice)
    assert "DEMO" in page
    assert "$17.99" not in page
