"""A payout run in progress: what staff see, and how PayPal's states are applied in any order."""

from __future__ import annotations

import pytest
from django.core import mail
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone

from accounts.models import User
from affiliates.models import Affiliate, Commission, PayoutItem, PayoutRun, PayPalBatch
from affiliates.payouts.item_states import apply_item_state
from affiliates.payouts.proofs import publish_head, trees_of
from affiliates.payouts.reconciliation import first_difference
from affiliates.payouts.runs import approve_payout, cancel_payout, prepare_payout
from affiliates.payouts.sending import follow_open_payouts
from privacy.audit.models import AuditEntry
from shop.models import Product
from shop.paypal.types import PayoutItemState, PayoutItemStatus
from tests.affiliates.sales import approved_sale, balance
from tests.worker import run_due_tasks

Status = PayoutItemStatus


@pytest.fixture
def item(alice: Affiliate, product: Product, bob: User) -> PayoutItem:
    """$17.99 for Alice, at PayPal."""
    approved_sale(alice, product)
    run_due_tasks()  # the buyer's receipt
    mail.outbox.clear()
    run = prepare_payout(currency="USD", actor=bob)
    now = timezone.now()
    PayoutRun.objects.update(state="sent", approved_at=now, approved_by=bob, approved_alone=True)
    publish_head(run, trees_of(run), now=now)
    PayPalBatch.objects.update(state="sent", paypal_batch_id="B", first_sent_at=now)
    PayoutItem.objects.update(state="sent")
    return run.items.get()


def tell(item: PayoutItem, *statuses: PayoutItemStatus) -> str:
    for status in statuses:
        remote = PayoutItemState("I", "B", str(item.pk), status, item.total, None, None, None)
        apply_item_state(run=item.run, remote=remote)
    item.refresh_from_db()
    assert first_difference(paypal_since=None) == ""
    return item.state


@pytest.mark.parametrize(
    ("told", "state", "due"),
    [
        ([Status.ONHOLD, Status.SUCCESS], "paid", "$0.00"),
        ([Status.UNCLAIMED, Status.SUCCESS], "paid", "$0.00"),
        ([Status.SUCCESS, Status.UNCLAIMED], "paid", "$0.00"),
        ([Status.SUCCESS, Status.ONHOLD], "paid", "$0.00"),
        ([Status.SUCCESS, Status.REVERSED], "reversed", "$17.99"),
        ([Status.SUCCESS, Status.REFUNDED], "returned", "$17.99"),
        ([Status.UNCLAIMED, Status.RETURNED, Status.SUCCESS], "returned", "$17.99"),
        ([Status.ONHOLD, Status.BLOCKED], "blocked", "$17.99"),
        ([Status.PENDING], "sent", "$0.00"),
    ],
)
def test_every_paypal_item_status_is_applied(
    item: PayoutItem, alice: Affiliate, told: list[PayoutItemStatus], state: str, due: str
) -> None:
    assert tell(item, *told) == state
    assert balance(alice) == due
    assert Commission.objects.get().state == {"$0.00": "in_payout", "$17.99": "approved"}[due] or state == "paid"


def test_returned_payout_is_emailed_to_affiliate(item: PayoutItem) -> None:
    tell(item, Status.BLOCKED, Status.BLOCKED)
    run_due_tasks()
    [message] = mail.outbox
    assert (message.to, message.subject) == (["alice@example.com"], "Your payout of $17.99 was returned")
    assert "the payment did not go through (state: blocked)" in message.body
    assert AuditEntry.objects.filter(action="affiliates.payout.item_returned").count() == 1


def test_canceled_run_is_not_shown_as_failure(alice: Affiliate, product: Product, bob: User) -> None:
    approved_sale(alice, product)
    run = prepare_payout(currency="USD", actor=bob)
    cancel_payout(run=run, actor=bob)
    assert run.items.get().get_state_display() == "not sent; due again"
    actions = AuditEntry.objects.filter(action__startswith="affiliates.payout.").values_list("action", flat=True)
    assert set(actions) == {"affiliates.payout.prepared", "affiliates.payout.cancelled"}


def test_run_page_counts_payouts_by_state(staff: Client, item: PayoutItem) -> None:
    page = staff.get(f"/admin/affiliates/payoutrun/{item.run_id}/change/").content.decode()
    assert "0 of 1 payout settled" in page
    assert "Refresh" in page
    assert "on its way" in page
    tell(item, Status.SUCCESS)
    page = staff.get(f"/admin/affiliates/payoutrun/{item.run_id}/change/").content.decode()
    assert "1 of 1 payout settled" in page


def test_missing_run_shows_message(staff: Client) -> None:
    page = staff.get("/admin/affiliates/payoutrun/nonsense/change/", follow=True)
    assert "doesn’t exist" in page.content.decode()


def test_database_requires_second_approver_or_approved_alone(item: PayoutItem) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        PayoutRun.objects.update(approved_alone=False)


def test_only_approver_is_recorded_as_approving_alone(
    alice: Affiliate, product: Product, bob: User, vera: User
) -> None:
    approved_sale(alice, product)
    run = prepare_payout(currency="USD", actor=bob)
    approve_payout(run=run, actor=bob)
    run.refresh_from_db()
    assert run.approved_alone


def test_address_removed_before_sending_does_not_block_others(
    alice: Affiliate, product: Product, bob: User, paypal_down: None
) -> None:
    approved_sale(alice, product)
    run = prepare_payout(currency="USD", actor=bob)
    approve_payout(run=run, actor=bob)
    alice.payout_email = None
    alice.save()
    assert follow_open_payouts(now=timezone.now()) == 1
    run.refresh_from_db()
    assert (run.items.get().state, run.state, balance(alice)) == ("cancelled", "finished", "$17.99")


def test_address_removed_after_first_attempt_needs_manual_check(
    alice: Affiliate, product: Product, bob: User, paypal_down: None
) -> None:
    """PayPal may have it: giving the money back could pay it twice."""
    approved_sale(alice, product)
    run = prepare_payout(currency="USD", actor=bob)
    approve_payout(run=run, actor=bob)
    follow_open_payouts(now=timezone.now())
    item = run.items.get()
    item.receiver = None
    item.save(update_fields=["receiver"])
    follow_open_payouts(now=timezone.now())
    item.refresh_from_db()
    run.refresh_from_db()
    assert (item.state, run.state, balance(alice)) == ("queued", "approved", "$0.00")
    assert "Look this batch up at PayPal" in run.problem
