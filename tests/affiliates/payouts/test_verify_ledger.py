"""`verify_ledger` finds every kind of difference and reports it in plain words with its ids."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from accounts.models import User
from affiliates.models import (
    Affiliate,
    Attribution,
    Commission,
    LedgerCheck,
    LedgerEntry,
    PayoutClaim,
    PayoutHead,
    PayoutItem,
    PayoutRun,
    PayPalBatch,
)
from affiliates.payouts.proofs import publish_head, trees_of
from affiliates.payouts.reconciliation import CHECKS, compare_payouts, first_difference, reconcile_ledger_nightly
from affiliates.payouts.runs import approve_payout, cancel_payout, prepare_payout
from affiliates.statistics.balances import correct_balances
from privacy.audit.models import AuditEntry
from privacy.models import OutgoingMail
from shop.models import Payment, Product, Refund
from shop.paypal.types import PayoutItemState, PayoutItemStatus, PayoutPage, PayoutStatus
from tests import factories
from tests.affiliates.sales import approved_sale, attributed_order, follow_payout, refund, sale
from tests.paypal_standin.receiver import eventually
from tests.privacy.audit.guards import drop_trigger, guards_lifted
from tests.standin_process import Standin


def verify(*options: str) -> str:
    out = StringIO()
    call_command("verify_ledger", *options, stdout=out)
    return out.getvalue()


@pytest.fixture
def books(alice: Affiliate, product: Product, bob: User) -> Commission:
    """One of everything: pending, refunded in part and in whole, in payout, come back, and a second affiliate."""
    erin = factories.affiliate("erin@example.com", "ERIN")
    first = approved_sale(alice, product)
    refund(first, "20.00")
    refund(first, "10.00")
    approved_sale(erin, product, "100.00")
    cancel_payout(run=prepare_payout(currency="USD", actor=bob))
    approved_sale(alice, product, "19.99")
    prepare_payout(currency="USD", actor=bob)
    refund(approved_sale(alice, product), "59.95")
    approved_sale(alice, product, "0.01")  # earns 0.00
    refund(sale(alice, product), "7.77")
    return first


def test_consistent_ledger_is_reconciled(books: Commission) -> None:
    assert "reconciled" in verify("--no-paypal")
    assert LedgerCheck.objects.get().agrees


def told() -> str:
    """What the command says of the books as they stand now, and keeps."""
    with pytest.raises(CommandError) as error:
        verify("--no-paypal")
    assert LedgerCheck.objects.latest("checked_at").difference == str(error.value)
    return str(error.value)


def test_paid_order_without_commission_is_reported(books: Commission) -> None:
    lost = Commission.objects.get(amount_minor=0)
    with guards_lifted():
        Commission.objects.filter(pk=lost.pk)._raw_delete(using="default")
    assert told() == (
        f"Order {lost.attribution.order_id} is paid and attributed to an affiliate, but has no commission."
    )


def test_commission_on_unpaid_order_is_reported(books: Commission) -> None:
    Payment.objects.filter(order__attribution__commission=books).update(state="pending")
    assert told() == f"Commission {books.pk} was earned by order {books.attribution.order_id}, which is not paid."


def test_wrong_commission_amount_is_reported(books: Commission) -> None:
    with guards_lifted():
        Commission.objects.filter(pk=books.pk).update(amount_minor=1798)
    assert told() == f"Commission {books.pk} is $17.98, but by its rate and base it should be $17.99."


def test_wrong_commission_rate_is_reported(books: Commission) -> None:
    with guards_lifted():
        Attribution.objects.filter(pk=books.attribution_id).update(rate_percent=31)
    assert told().startswith(f"The rate of commission {books.pk} differs")


def test_payment_with_wrong_refund_total_is_reported(books: Commission) -> None:
    payment = books.attribution.order.payments.get()
    Payment.objects.filter(pk=payment.pk).update(refunded_minor=2999)
    assert told() == f"Payment {payment.pk} says that $29.99 was refunded, but its refunds sum to $30.00."


def test_wrong_reversed_amount_is_reported(books: Commission) -> None:
    with guards_lifted():
        Commission.objects.filter(pk=books.pk).update(reversed_minor=600)
    assert told() == f"$6.00 of commission {books.pk} was reversed, but by the refunds it should be $9.00."


def test_reversal_for_another_orders_refund_is_reported(books: Commission) -> None:
    other = Refund.objects.get(amount_minor=777)
    line = LedgerEntry.objects.filter(commission=books, kind="reversal").first()
    with guards_lifted():
        LedgerEntry.objects.filter(pk=line.pk).update(refund=other)  # type: ignore[union-attr]
    assert f"for refund {other.pk}, which is of another order" in told()


def test_wrong_ledger_amount_is_reported(books: Commission) -> None:
    with guards_lifted():
        LedgerEntry.objects.filter(commission=books, kind="commission").update(amount_minor=5000)
    assert told() == (
        f"Commission {books.pk} is in_payout and should have $8.99 in the ledger, but its entries sum to $41.00."
    )


def test_ledger_entry_of_another_affiliate_is_reported(books: Commission) -> None:
    erin = Affiliate.objects.get(code="ERIN")
    with guards_lifted():
        LedgerEntry.objects.filter(commission=books, kind="commission").update(affiliate=erin)
    assert f"than its commission {books.pk}" in told()


def test_payout_with_another_affiliates_entry_is_reported(books: Commission) -> None:
    theirs = PayoutItem.objects.get(state="queued", affiliate__code="DEMO")
    line = LedgerEntry.objects.get(kind="return", affiliate__code="ERIN")
    with guards_lifted():
        PayoutClaim.objects.filter(entry=line).update(payout=theirs)
    assert told() == (f"Ledger entry {line.pk} has another affiliate or currency than its payout {theirs.pk}.")


def test_wrong_payout_amount_is_reported(books: Commission) -> None:
    item = PayoutItem.objects.get(state="queued", affiliate__code="ERIN")
    with guards_lifted():
        PayoutItem.objects.filter(pk=item.pk).update(amount_minor=1)
    assert told() == f"Payout {item.pk} is $0.01, but the ledger was debited $30.00 for it."


def test_payout_with_missing_claim_is_reported(books: Commission) -> None:
    line = LedgerEntry.objects.get(kind="return")
    item = line.claim.payout
    with guards_lifted():
        PayoutClaim.objects.filter(entry=line)._raw_delete(using="default")
    assert told() == f"The ledger entries that payout {item.pk} claimed should sum to zero, but sum to -$30.00."


def test_returned_payout_without_entry_is_reported(books: Commission) -> None:
    item = PayoutItem.objects.get(state="queued", affiliate__code="ERIN")
    PayoutItem.objects.filter(pk=item.pk).update(state="failed")
    assert told() == f"Payout {item.pk} is failed, so $30.00 should be back in the ledger, but $0.00 is."


def test_paid_commission_without_payout_is_reported(books: Commission, alice: Affiliate, product: Product) -> None:
    lonely = approved_sale(alice, product)
    Commission.objects.filter(pk=lonely.pk).update(state="in_payout")
    assert told() == f"Commission {lonely.pk} is in_payout, but no payout has claimed it."


def test_due_commission_in_payout_is_reported(books: Commission, alice: Affiliate, product: Product, bob: User) -> None:
    fresh = approved_sale(alice, product, "500.00")
    item = prepare_payout(currency="USD", actor=bob).items.get()
    Commission.objects.filter(pk=fresh.pk).update(state="approved")
    assert told() == (f"Commission {fresh.pk} is marked as due, but payout {item.pk}, which is queued, has claimed it.")


def test_paid_commission_of_returned_payout_is_reported(
    books: Commission, alice: Affiliate, product: Product, bob: User
) -> None:
    fresh = approved_sale(alice, product, "500.00")
    run = prepare_payout(currency="USD", actor=bob)
    cancel_payout(run=run)
    Commission.objects.filter(pk=fresh.pk).update(state="in_payout")
    item = run.items.get()
    assert (
        told()
        == f"Commission {fresh.pk} is in_payout, but payout {item.pk} was returned, and no other has paid it since."
    )


def test_missing_ledger_trigger_is_reported(books: Commission) -> None:
    drop_trigger("affiliates_ledgerentry", "no_update")
    assert "the trigger affiliates_ledgerentry_no_update is missing" in first_difference(paypal_since=None)


def test_every_check_passes_on_empty_tables(db: None) -> None:
    assert first_difference(paypal_since=None) == ""


def test_reconciliation_has_constant_query_count(
    alice: Affiliate, product: Product, django_assert_num_queries: Any
) -> None:
    approved_sale(alice, product)
    count = len(CHECKS) + 2  # and one each for the triggers and the published heads
    for _ in range(2):
        with django_assert_num_queries(count):
            first_difference(paypal_since=None)
        approved_sale(alice, product)


def test_reconciliation_runs_once_a_night(db: None, clock: time_machine.Traveller) -> None:
    assert [reconcile_ledger_nightly(now=timezone.now()) for _ in range(2)] == [1, 0]
    clock.shift(timedelta(hours=24))
    assert reconcile_ledger_nightly(now=timezone.now()) == 1


def test_reconciliation_repeats_hourly_after_difference(db: None, clock: time_machine.Traveller) -> None:
    LedgerCheck.objects.create(difference="PayPal can't be asked.", paypal=True)
    clock.shift(timedelta(minutes=59))
    assert reconcile_ledger_nightly(now=timezone.now()) == 0
    clock.shift(timedelta(minutes=1))
    assert reconcile_ledger_nightly(now=timezone.now()) == 1


def test_staff_see_reconciliation_alert(staff: Client, db: None) -> None:
    LedgerCheck.objects.create(difference="Payout 7 is $1.00 here and $2.00 at PayPal.", paypal=True)
    for page in ("ledgerentry", "commission", "payoutrun"):
        assert "$2.00 at PayPal" in staff.get(f"/admin/affiliates/{page}/").content.decode()
    LedgerCheck.objects.create(paypal=True)
    assert "$2.00 at PayPal" not in staff.get("/admin/affiliates/ledgerentry/").content.decode()
    assert "$2.00 at PayPal" in staff.get("/admin/affiliates/ledgercheck/").content.decode()


@pytest.fixture
def paid_out(alice: Affiliate, product: Product, bob: User, paypal: Standin, work: Callable[[], int]) -> PayoutItem:
    """$17.99 that PayPal has paid."""
    approved_sale(alice, product)
    approve_payout(run=prepare_payout(currency="USD", actor=bob), actor=bob)
    work()
    paypal.advance(5)
    eventually(_is_paid)
    return PayoutItem.objects.get()


def _is_paid() -> bool:
    follow_payout(run=PayoutRun.objects.get())
    return PayoutItem.objects.get().state == PayoutItem.State.PAID


def test_payouts_reconcile_with_paypal(paid_out: PayoutItem) -> None:
    assert "reconciled" in verify()


def test_different_amount_at_paypal_is_reported(paid_out: PayoutItem) -> None:
    with guards_lifted():
        PayoutItem.objects.update(amount_minor=1)
        LedgerEntry.objects.filter(kind="commission").update(amount_minor=1)
        LedgerEntry.objects.filter(kind="payout").update(amount_minor=-1)
        Commission.objects.update(amount_minor=1, rate_percent=None, rate_flat_minor=1)
        Attribution.objects.update(rate_percent=None, rate_flat_minor=1)
        PayoutHead.objects.all().delete()
    publish_head(paid_out.run, trees_of(paid_out.run), now=timezone.now())
    correct_balances()
    with pytest.raises(CommandError, match=r"is \$0.01 here and \$17.99 at PayPal"):
        verify()


def test_payout_not_confirmed_by_paypal_is_reported(paid_out: PayoutItem) -> None:
    with guards_lifted():
        PayoutItem.objects.update(state="unclaimed")
    assert "reconciled" in verify()  # merely behind
    with guards_lifted():
        PayoutItem.objects.update(state="returned")
        item = PayoutItem.objects.get()
        LedgerEntry.objects.create(
            affiliate=item.affiliate, kind="return", amount_minor=1799, currency="USD", payout=item
        )
        Commission.objects.update(state="approved", paid_at=None)
    correct_balances()
    with pytest.raises(CommandError, match="is returned here and SUCCESS at PayPal"):
        verify()


def test_unreachable_paypal_is_reported_without_alert(
    staff: Client, paid_out: PayoutItem, paypal: Standin, paypal_down: None
) -> None:
    with pytest.raises(CommandError, match="can't be reached"):
        verify()
    check = LedgerCheck.objects.get()
    assert (check.agrees, check.paypal) == (True, False)
    assert "The last reconciliation" not in staff.get("/admin/affiliates/payoutrun/").content.decode()
    assert "failed for three days" not in staff.get("/admin/").content.decode()
    assert reconcile_ledger_nightly(now=check.checked_at + timedelta(hours=1)) == 1  # tried again soon
    assert LedgerCheck.objects.latest("checked_at").paypal  # sent a moment ago: its comparison is not late
    later = timezone.now() + timedelta(hours=26)
    assert compare_payouts(now=later) == 0
    reconcile_ledger_nightly(now=later)
    assert not LedgerCheck.objects.latest("checked_at").paypal
    LedgerCheck.objects.filter(paypal=True).delete()
    LedgerCheck.objects.filter(pk=check.pk).update(checked_at=timezone.now() - timedelta(days=3))
    assert "failed for three days" in staff.get("/admin/").content.decode()


@pytest.mark.parametrize(("choice", "state"), [("Refund it", "returned"), ("Reverse it", "reversed")])
def test_a_payout_that_came_back_weeks_later_without_a_message_is_booked_once(
    paid_out: PayoutItem, paypal: Standin, choice: str, state: str
) -> None:
    PayPalBatch.objects.update(first_sent_at=timezone.now() - timedelta(days=100))
    now = timezone.now()
    assert compare_payouts(now=now) == 1
    assert compare_payouts(now=now + timedelta(hours=23)) == 0
    paypal.act_on_item(paid_out.paypal_item_id or "", choice)
    for day in (1, 2, 3):
        assert compare_payouts(now=now + timedelta(days=day)) == 1
    paid_out.refresh_from_db()
    assert (paid_out.state, paid_out.affiliate.ledger.balance("USD").minor) == (state, 1799)
    assert LedgerEntry.objects.filter(kind="return").count() == 1
    assert AuditEntry.objects.filter(action="affiliates.payout.item_returned").count() == 1
    assert OutgoingMail.objects.filter(kind="affiliates/payout_returned").count() == 1
    assert Commission.objects.get().state == "approved"
    assert reconcile_ledger_nightly(now=now + timedelta(days=3)) == 1
    check = LedgerCheck.objects.get()
    assert (check.agrees, check.paypal) == (True, True)


def test_what_came_back_is_booked_although_another_batch_differs(paid_out: PayoutItem, paypal: Standin) -> None:
    """An earlier run of another batch that PayPal does not know."""
    run = PayoutRun.objects.create(currency="USD", state="finished", approved_at=timezone.now())
    publish_head(run, trees_of(run), now=timezone.now())
    day_ago = timezone.now() - timedelta(days=1)
    PayPalBatch.objects.create(run=run, state="ended", paypal_batch_id="UNKNOWN", first_sent_at=day_ago)
    paypal.act_on_item(paid_out.paypal_item_id or "", "Reverse it")
    with pytest.raises(CommandError, match="PayPal does not know batch"):
        verify()
    paid_out.refresh_from_db()
    assert paid_out.state == "reversed"


def test_payout_reversed_at_paypal_is_applied_by_reconciliation(
    paid_out: PayoutItem, monkeypatch: pytest.MonkeyPatch
) -> None:
    reversed_since = Answering(paid_out, PayoutItemStatus.REVERSED, ours=str(paid_out.pk))
    monkeypatch.setattr("affiliates.payouts.reconciliation.gateway", lambda: reversed_since)
    assert first_difference(paypal_since=timezone.now() - timedelta(days=1)) == ""
    paid_out.refresh_from_db()
    assert (paid_out.state, paid_out.affiliate.ledger.balance("USD").minor) == ("reversed", 1799)


class Answering:
    """PayPal, with one payout in one state, which it calls by our number or only by its own."""

    def __init__(self, item: PayoutItem, status: PayoutItemStatus, *, ours: str | None) -> None:
        number = item.paypal_item_id or "ITEM"
        self.item = PayoutItemState(number, "B", ours, status, item.total, None, None, None)

    def get_payout(self, run_id: str, page: int = 1) -> PayoutPage:
        return PayoutPage("B", None, PayoutStatus.SUCCESS, (self.item,), 1)

    def get_payout_item(self, number: str) -> PayoutItemState:
        return self.item


@pytest.fixture
def at_paypal(alice: Affiliate, product: Product, bob: User) -> PayoutItem:
    """$17.99 on the way, whose number at PayPal is known."""
    approved_sale(alice, product)
    run = prepare_payout(currency="USD", actor=bob)
    approve_payout(run=run, actor=bob)
    PayPalBatch.objects.update(state="sent", paypal_batch_id="B", first_sent_at=timezone.now())
    PayoutItem.objects.update(state="sent", paypal_item_id="ITEM")
    return run.items.get()


def test_payout_without_our_id_is_matched_by_paypal_id(at_paypal: PayoutItem, monkeypatch: pytest.MonkeyPatch) -> None:
    paypal = Answering(at_paypal, PayoutItemStatus.SUCCESS, ours=None)
    for module in ("sending", "reconciliation"):
        monkeypatch.setattr(f"affiliates.payouts.{module}.gateway", lambda: paypal)
    follow_payout(run=at_paypal.run)
    at_paypal.refresh_from_db()
    assert at_paypal.state == "paid"
    assert first_difference(paypal_since=timezone.now() - timedelta(days=1)) == ""


@pytest.mark.parametrize("number", [None, "", "line-1", "01a2265d-0000-7000-8000-000000000000"])
def test_unknown_payout_at_paypal_is_reported(
    at_paypal: PayoutItem, monkeypatch: pytest.MonkeyPatch, number: str | None
) -> None:
    paypal = Answering(at_paypal, PayoutItemStatus.SUCCESS, ours=number)
    PayoutItem.objects.update(paypal_item_id=None)
    for module in ("sending", "reconciliation"):
        monkeypatch.setattr(f"affiliates.payouts.{module}.gateway", lambda: paypal)
    follow_payout(run=at_paypal.run)
    at_paypal.refresh_from_db()
    assert at_paypal.state == "sent"
    assert "PayPal does not know it" in first_difference(paypal_since=timezone.now() - timedelta(days=1))


def test_unpaid_order_is_no_difference(alice: Affiliate, product: Product) -> None:
    factories.payment(attributed_order(alice, product))
    assert first_difference(paypal_since=None) == ""
