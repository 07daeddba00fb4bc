"""The explanation of a commission: plain sentences, without data about the customer."""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from accounts.models import User
from affiliates.commissions.explanation import ExplanationLine, explain_commission, explain_order
from affiliates.commissions.flags import clear_flag, raise_flag
from affiliates.commissions.lifecycle import approve_past_hold, reject_commission
from affiliates.commissions.rates import set_rate
from affiliates.models import Affiliate, Commission
from affiliates.payouts.runs import prepare_payout
from shop.models import Product
from shop.money import Money
from shop.payments.capture_booking import apply_capture
from tests import factories
from tests.affiliates.sales import approved_sale, refund, sale
from tests.cast import signed_in
from tests.shop.purchases import capture_of, place

pytestmark = pytest.mark.usefixtures("clock", "paypal_down")


def said(lines: list[ExplanationLine], about: str) -> list[str]:
    return [line.text for line in lines if line.about == about]


def test_explanation_covers_click_to_payout(
    client: Client, alice: Affiliate, product: Product, bob: User, clock: time_machine.Traveller
) -> None:
    client.get("/go/DEMO/")
    clock.shift(timedelta(hours=1, minutes=5))
    payment = place(client).payments.get()
    apply_capture(payment=payment, capture=capture_of(payment))
    commission = Commission.objects.get()
    flag = raise_flag(attribution=commission.attribution, kind="by_staff")
    clear_flag(flag=flag, reason="looked fine", actor=bob)
    clock.shift(timedelta(days=30))
    approve_past_hold(now=timezone.now())
    commission.refresh_from_db()
    refund(commission, "20.00")
    prepare_payout(currency="USD", actor=bob)
    commission.refresh_from_db()
    lines = explain_commission(commission)
    assert said(lines, "Source") == [
        "The order was placed on March 2, 2026 after a click on the affiliate's link, which counts for 30 days."
    ]
    assert said(lines, "Rate") == [
        "30%, fixed when the order was placed: the program's default rate, because none was set for the affiliate or"
        " the product."
    ]
    assert said(lines, "Commission") == ["30% of $59.95 is $17.985, rounded half-up to $17.99."]
    assert said(lines, "Refunds") == [
        "$20.00 of $59.95 was refunded to the buyer, so $6.00 was reversed: $17.99 × $20.00 / $59.95, rounded half-up."
    ]
    assert said(lines, "Remaining") == ["$11.99."]
    assert "looked fine" in said(lines, "Hold")[0]
    assert said(lines, "State") == ["In a payout that is in progress."]
    assert [text.split(": ", 1)[1].split(" on April 1")[0] for text in said(lines, "Ledger")] == [
        "$17.99, commission; in the payout of $11.99",
        "-$6.00, reversal after a refund; in the payout of $11.99",
    ]
    text = " ".join(line.text for line in lines).casefold()
    assert "carol" not in text
    assert "127.0.0.1" not in text
    assert not re.search(r"\d:\d\d", text)  # days alone: no time of a click, an order or what follows from it


def test_explanation_names_code_and_kind_of_rate(
    client: Client, alice: Affiliate, product: Product, clock: time_machine.Traveller
) -> None:
    set_rate(percent=Decimal(10), actor=None)
    words = ["because none was set"]
    set_rate(product=product, percent=Decimal(11), actor=None)
    first = sale(alice, product)
    assert "the product's rate" in said(explain_commission(first), "Rate")[0]
    set_rate(affiliate=alice, percent=Decimal(12), actor=None)
    assert "the affiliate's own rate" in said(explain_commission(sale(alice, product)), "Rate")[0]
    set_rate(affiliate=alice, product=product, flat=Money(9000, "USD"), actor=None)
    order = place(client, code="DEMO")
    lines = explain_order(order)
    assert "with a code of the affiliate, entered at checkout" in said(lines, "Source")[0]
    assert "takes precedence over all others" in said(lines, "Rate")[0]
    assert "has not" in said(lines, "Commission")[0]
    payment = order.payments.get()
    apply_capture(payment=payment, capture=capture_of(payment))
    assert said(explain_order(order), "Commission") == ["$90.00 per sale, but at most the base: $59.95."]
    assert words[0] in said(explain_commission(sale(factories.affiliate("e@example.com", "E2"), other())), "Rate")[0]


def other() -> Product:
    return factories.product(slug="other")


def test_explanation_of_order_that_earned_nothing(alice: Affiliate, product: Product, bob: User) -> None:
    commission = sale(alice, product)
    reject_commission(commission=commission, reason="bought by herself", actor=bob)
    commission.refresh_from_db()
    assert said(explain_commission(commission), "State") == ["Rejected: bought by herself."]
    assert "Nobody" in said(explain_order(factories.order(product)), "Source")[0]


def test_staff_see_explanation_on_one_page(staff: Client, alice: Affiliate, product: Product) -> None:
    commission = approved_sale(alice, product)
    page = f"/admin/affiliates/commission/{commission.pk}/"
    assert f"{page}explain/" in staff.get(f"{page}change/").content.decode()
    shown = staff.get(f"{page}explain/").content.decode()
    assert "Why $17.99 for Alice (DEMO)?" in shown
    assert "30% of $59.95 is $17.985, rounded half-up to $17.99." in shown


def test_explanation_page_requires_permission(alice: Affiliate, product: Product, vera: User) -> None:
    commission = approved_sale(alice, product)
    client = signed_in(vera)
    assert client.get(f"/admin/affiliates/commission/{commission.pk}/explain/").status_code == 403
