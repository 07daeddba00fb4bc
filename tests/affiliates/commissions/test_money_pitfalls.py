"""Money bugs of other affiliate programs, each as a test of what must not happen here."""

from __future__ import annotations

import threading
from collections.abc import Callable
from decimal import Decimal

import pytest
from django.db import connection
from django.db.models import Sum
from django.test import Client

from accounts.models import User
from affiliates.commissions.lifecycle import approve_commission
from affiliates.commissions.rates import set_rate
from affiliates.models import Affiliate, Attribution, Commission, Flag, LedgerEntry, PayoutItem
from affiliates.payouts.item_states import apply_item_state
from affiliates.payouts.reconciliation import first_difference
from affiliates.payouts.runs import prepare_payout
from affiliates.portal import overview_of
from privacy.admin_base.refusals import ActionRefused
from shop.models import Order, Payment, Product, Refund
from shop.money import Money
from shop.payments.capture_booking import apply_capture
from shop.payments.refunds import apply_refund
from shop.paypal.types import PayoutItemState, PayoutItemStatus
from tests import factories
from tests.affiliates.sales import approved_sale, attributed_order, balance, refund, sale
from tests.shop.purchases import FORM, capture_of, place, refund_of

pytestmark = pytest.mark.usefixtures("paypal_down")


def told(item: PayoutItem, status: PayoutItemStatus) -> None:
    remote = PayoutItemState(
        id="I-1",
        batch_id="B",
        sender_item_id=str(item.pk),
        status=status,
        amount=item.total,
        fee=None,
        transaction_id=None,
        error=None,
    )
    apply_item_state(run=item.run, remote=remote)


def test_partial_refund_is_not_full_reversal(alice: Affiliate, product: Product) -> None:
    """Dub ignores the refunded amount and takes everything back."""
    commission = approved_sale(alice, product)
    refund(commission, "5.95")
    assert (commission.state, balance(alice)) == ("approved", "$16.20")


def test_refund_reverses_paid_commission(alice: Affiliate, product: Product, bob: User) -> None:
    """Dub leaves what was paid already. Here the balance goes below zero, and the next sale makes up for it."""
    commission = approved_sale(alice, product)
    item = prepare_payout(currency="USD", actor=bob).items.get()
    told(item, PayoutItemStatus.SUCCESS)
    refund(commission, "59.95")
    assert (commission.state, balance(alice)) == ("reversed", "-$17.99")
    approved_sale(alice, product, "100.00")
    assert balance(alice) == "$12.01"
    assert str(prepare_payout(currency="USD", actor=bob).open_total) == "$12.01"


def test_two_partial_refunds_are_each_reversed_once(alice: Affiliate, product: Product) -> None:
    """lms-front#511: the second refund scaled what the first had scaled already."""
    commission = approved_sale(alice, product, "100.00")
    refund(commission, "50.00")
    refund(commission, "25.00")
    assert (commission.reversed_minor, balance(alice)) == (2250, "$7.50")


def test_commission_is_rounded_not_truncated(alice: Affiliate, product: Product) -> None:
    """Dub PR#4366: 17.985 became 17.98."""
    assert str(sale(alice, product).total) == "$17.99"


@pytest.mark.parametrize("typed", ["31,9", "31.9.0", "1.319,00", "NaN", "1e9"])
def test_decimal_comma_never_makes_zero_rate(staff: Client, product: Product, typed: str) -> None:
    """AffiliateWP#1972: every referral 0.00 after a fix for decimal commas; #1743: "31.9" read as 319."""
    page = staff.post("/admin/affiliates/rate/add/", {"percent": typed, "currency": "USD"}).content.decode()
    assert "errornote" in page
    assert f'value="{typed}"' in page


def test_one_digit_percentage_is_exact(alice: Affiliate, product: Product) -> None:
    set_rate(affiliate=alice, percent=Decimal("31.9"), actor=None)
    assert str(sale(alice, product, "100.00").total) == "$31.90"


def test_joins_do_not_multiply_balance(alice: Affiliate, product: Product, bob: User) -> None:
    """Aletheore#217: three lines joined with three others showed 90 owed for 30."""
    commission = approved_sale(alice, product, "100.00")
    for _ in range(3):
        refund(commission, "1.00")
        factories.click(alice)
    for _ in range(3):
        Flag.objects.create(attribution=commission.attribution, kind="dispute", dispute_id=f"D{_}")
    for flag in Flag.objects.all():
        Flag.objects.filter(pk=flag.pk).update(
            state="cleared", reason=flag.sealed("reason", "over"), decided_at=commission.created_at
        )
    assert str(overview_of(alice, currency="USD").approved) == "$29.10"
    assert first_difference(paypal_since=None) == ""
    assert str(prepare_payout(currency="USD", actor=bob).open_total) == "$29.10"


def test_paid_unpaid_paid_order_pays_once(alice: Affiliate, product: Product, bob: User) -> None:
    """AffiliateWP#2463: a referral set back to unpaid was paid again. Here no state is set by hand, and a payout that
    PayPal reports late or twice changes nothing."""
    approved_sale(alice, product)
    item = prepare_payout(currency="USD", actor=bob).items.get()
    for status in (PayoutItemStatus.SUCCESS, PayoutItemStatus.SUCCESS, PayoutItemStatus.PENDING):
        told(item, status)
    with pytest.raises(ActionRefused):
        prepare_payout(currency="USD", actor=bob)
    told(item, PayoutItemStatus.REVERSED)  # the money is truly back
    told(item, PayoutItemStatus.SUCCESS)  # an old message, late
    assert balance(alice) == "$17.99"
    prepare_payout(currency="USD", actor=bob)
    with pytest.raises(ActionRefused):
        prepare_payout(currency="USD", actor=bob)
    assert LedgerEntry.objects.filter(kind="payout").aggregate(sum=Sum("amount_minor"))["sum"] == -2 * 1799


@pytest.mark.django_db(transaction=True, databases="__all__")
def test_twenty_concurrent_approvals_credit_once(alice: Affiliate, product: Product) -> None:
    """Dub PR#4307: a bulk update that had lost its predicate."""
    commission = sale(alice, product)
    done: list[bool] = []

    def approve() -> None:
        try:
            done.append(approve_commission(commission=commission, actor=None))
        finally:
            connection.close()

    threads = [threading.Thread(target=approve) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(done) == [False] * 19 + [True]
    assert balance(alice) == "$17.99"


def test_webhook_never_attributes(client: Client, alice: Affiliate, product: Product) -> None:
    """AffiliateWP#958, #898: captured at the webhook, where no cookie is. Here it is decided with the order."""
    order = place(client)
    client.get("/go/DEMO/")  # after the order, before the money
    payment = order.payments.get()
    apply_capture(payment=payment, capture=capture_of(payment))
    assert Order.objects.get().state == Order.State.PAID
    assert not Attribution.objects.exists()
    assert not Commission.objects.exists()


def test_reordering_earns_one_commission(client: Client, alice: Affiliate, product: Product) -> None:
    """Several referrals for one purchase, made with the back button: only the order that is paid earns."""
    client.get("/go/DEMO/")
    orders = [place(client) for _ in range(3)]
    payment = orders[1].payments.get()
    for _ in range(3):
        apply_capture(payment=payment, capture=capture_of(payment))
    assert Commission.objects.get().attribution.order == orders[1]


@pytest.mark.parametrize("state", ["suspended", "closed"])
def test_inactive_affiliate_is_not_paid(alice: Affiliate, product: Product, bob: User, state: str) -> None:
    """AffiliateWP#1465."""
    approved_sale(alice, product)
    Affiliate.objects.update(state=state)
    with pytest.raises(ActionRefused):
        prepare_payout(currency="USD", actor=bob)
    Affiliate.objects.update(state="active")
    assert str(prepare_payout(currency="USD", actor=bob).open_total) == "$17.99"


@pytest.mark.parametrize("email", ["alice@example.com", "ALICE@example.com", "money@example.com"])
def test_self_referral_is_held_not_dropped(
    client: Client, alice: Affiliate, product: Product, email: str, work: Callable[[], int]
) -> None:
    """AffiliateWP#519, #974: through the payout e-mail, or as a guest."""
    alice.payout_email = "money@example.com"
    alice.save()
    payment = place(client, code="DEMO", email=email).payments.get()
    apply_capture(payment=payment, capture=capture_of(payment))
    commission = Commission.objects.get()
    assert commission.is_held
    assert not approve_commission(commission=commission, actor=None)


def test_refund_reported_before_payment_loses_nothing(alice: Affiliate, product: Product) -> None:
    """PayPal's messages come in any order: what is left of the order still earns."""
    order = attributed_order(alice, product)
    payment = factories.payment(order, state=Payment.State.PENDING, capture_id="CAP-1", paypal_order_id="O-1")
    row = Refund.objects.create(payment=payment, amount_minor=2000, currency="USD")
    apply_refund(refund=row, remote=refund_of(payment, "20.00"))
    commission = Commission.objects.get()
    assert (commission.state, commission.reversed_minor) == ("pending", 600)
    apply_capture(payment=payment, capture=capture_of(payment))
    assert approve_commission(commission=commission, actor=None)
    assert balance(alice) == "$11.99"


def test_zero_commission_survives_partial_refund(alice: Affiliate, product: Product) -> None:
    set_rate(affiliate=alice, flat=Money(0, "USD"), actor=None)
    commission = sale(alice, product)
    refund(commission, "1.00")
    assert commission.state == "pending"
    refund(commission, "58.95")
    assert commission.state == "reversed"


def test_amounts_from_browser_are_ignored(client: Client, alice: Affiliate, product: Product) -> None:
    """django-affiliate-system, Refferq: public endpoints that take an amount."""
    client.post(
        "/checkout/bps-pro/?amount=1&rate=100",
        {**FORM, "code": "DEMO", "amount": "1", "rate_percent": "100"},
    )
    attribution = Attribution.objects.get()
    assert (attribution.rate_percent, attribution.order.amount_minor) == (Decimal(30), 5995)
