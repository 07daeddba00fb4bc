"""A commission is earned once, when the payment arrives, and credited once, when it is approved."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
import time_machine
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone

from accounts.models import User
from affiliates.commissions.flags import confirm_flag, raise_flag
from affiliates.commissions.lifecycle import approve_commission, approve_past_hold, earn_commission, reject_commission
from affiliates.commissions.rates import set_rate
from affiliates.models import Affiliate, Commission, Flag, LedgerEntry
from shop.models import Product
from tests import factories
from tests.affiliates.sales import approved_sale, attributed_order, balance, sale
from tests.cast import signed_in

pytestmark = pytest.mark.usefixtures("clock")


@pytest.mark.parametrize(
    ("price", "rate", "amount"),
    [
        ("59.95", "30", "17.99"),  # 17.985
        ("0.05", "10", "0.01"),  # 0.005: half goes up
        ("0.04", "10", "0.00"),  # 0.004
        ("59.95", "12.5", "7.49"),  # 7.49375
        ("100.00", "33.33", "33.33"),
        ("59.95", "0", "0.00"),
        ("59.95", "100", "59.95"),
    ],
)
def test_percentage_commission_is_rounded_half_up(
    alice: Affiliate, product: Product, price: str, rate: str, amount: str
) -> None:
    set_rate(affiliate=alice, percent=Decimal(rate), actor=None)
    commission = sale(alice, product, price)
    assert str(commission.base) == f"${price}"
    assert str(commission.total) == f"${amount}"


def test_commission_is_approved_after_hold(alice: Affiliate, product: Product, clock: time_machine.Traveller) -> None:
    commission = sale(alice, product)
    assert commission.state == Commission.State.PENDING
    assert commission.hold_until == timezone.now() + timedelta(days=30)
    assert commission.hold_until == commission.attribution.order.refund_until
    clock.shift(timedelta(days=30) - timedelta(seconds=1))
    assert approve_past_hold(now=timezone.now()) == 0
    clock.shift(timedelta(seconds=1))
    assert approve_past_hold(now=timezone.now()) == 1
    commission.refresh_from_db()
    assert (commission.state, commission.approved_by) == (Commission.State.APPROVED, None)
    assert balance(alice) == "$17.99"
    assert approve_past_hold(now=timezone.now()) == 0


def test_commission_is_earned_once(alice: Affiliate, product: Product) -> None:
    commission = sale(alice, product)
    payment = commission.attribution.order.payments.get()
    assert earn_commission(payment=payment) == commission
    assert Commission.objects.count() == 1


def test_order_without_attribution_earns_no_commission(product: Product) -> None:
    assert earn_commission(payment=factories.payment(factories.order(product))) is None
    assert not Commission.objects.exists()


def test_commission_confirmed_as_fraud_before_payment_is_rejected(
    alice: Affiliate, product: Product, bob: User
) -> None:
    order = attributed_order(alice, product)
    flag = raise_flag(attribution=order.attribution, kind=Flag.Kind.BY_STAFF, actor=bob)
    confirm_flag(flag=flag, reason="a cousin's order", actor=bob)
    earned = earn_commission(payment=factories.payment(order, state="paid"))
    assert earned is not None
    assert (earned.state, earned.reason) == (Commission.State.REJECTED, "a cousin's order")
    assert not alice.ledger.exists()


def test_approving_commission_twice_credits_once(alice: Affiliate, product: Product, bob: User) -> None:
    commission = sale(alice, product)
    assert approve_commission(commission=commission, actor=bob)
    assert not approve_commission(commission=commission, actor=bob)
    entry = LedgerEntry.objects.get()
    assert (entry.kind, str(entry.total)) == (LedgerEntry.Kind.COMMISSION, "$17.99")


def test_database_refuses_second_credit(alice: Affiliate, product: Product) -> None:
    commission = approved_sale(alice, product)
    with pytest.raises(IntegrityError), transaction.atomic():
        LedgerEntry.objects.create(
            affiliate=alice, kind="commission", amount_minor=1, currency="USD", commission=commission
        )


@pytest.mark.parametrize(("kind", "minor"), [("commission", -1), ("reversal", 1), ("payout", 1), ("return", -1)])
def test_database_enforces_sign_of_ledger_entry(alice: Affiliate, kind: str, minor: int) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        LedgerEntry.objects.create(affiliate=alice, kind=kind, amount_minor=minor, currency="USD")


def test_rejected_commission_is_never_credited(alice: Affiliate, product: Product) -> None:
    commission = sale(alice, product)
    assert reject_commission(commission=commission, reason="bought by himself")
    assert not approve_commission(commission=commission, actor=None)
    assert not reject_commission(commission=commission, reason="again")
    commission.refresh_from_db()
    assert (commission.state, commission.reason) == (Commission.State.REJECTED, "bought by himself")
    assert balance(alice) == "$0.00"


def test_approved_commission_cannot_be_rejected(alice: Affiliate, product: Product) -> None:
    commission = approved_sale(alice, product)
    assert not reject_commission(commission=commission, reason="too late")
    assert balance(alice) == "$17.99"


def test_staff_approve_and_reject_commissions_in_list(staff: Client, alice: Affiliate, product: Product) -> None:
    wanted, unwanted = sale(alice, product), sale(alice, product)
    list_page = "/admin/affiliates/commission/"
    answer = staff.post(
        list_page, {"action": "approve", "confirmed": "all", "_selected_action": [str(wanted.pk)]}, follow=True
    )
    assert "1 approved" in answer.content.decode()
    rejecting = {"action": "reject", "confirmed": "yes", "_selected_action": [str(unwanted.pk)]}
    assert "enter a reason" in staff.post(list_page, rejecting, follow=True).content.decode()
    answer = staff.post(list_page, {**rejecting, "reason": "bought by himself"}, follow=True)
    assert "1 rejected" in answer.content.decode()
    answer = staff.post(list_page, {"action": "approve", "_selected_action": [wanted.pk, unwanted.pk]}, follow=True)
    assert "There is nothing to approve" in answer.content.decode()
    assert balance(alice) == "$17.99"


def test_approving_commission_requires_permission(alice: Affiliate, product: Product, vera: User) -> None:
    commission = sale(alice, product)
    client = signed_in(vera)
    data = {"action": "approve", "_selected_action": [str(commission.pk)]}
    assert client.post("/admin/affiliates/commission/", data).status_code == 403
    commission.refresh_from_db()
    assert commission.state == Commission.State.PENDING
