"""While a run is paid: what staff see of it, and what each word of PayPal's does, in whatever order it comes."""

from __future__ import annotations

import pytest
from django.core import mail
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone

from accounts.models import User
from affiliates.models import Affiliate, Commission, PayoutBatch, PayoutItem, PayoutParcel
from affiliates.payouts.item_states import apply_item_state
from affiliates.payouts.reconciliation import first_difference
from affiliates.payouts.runs import approve_payout, cancel_payout, prepare_payout
from affiliates.payouts.sending import follow_open_payouts
from privacy.audit.models import AuditEntry
from shop.models import Product
from shop.paypal.types import PayoutItemState, PayoutItemStatus
from tests import factories
from tests.affiliates.sales import approved_sale, balance
from tests.worker import run_due_tasks

Status = PayoutItemStatus


@pytest.fixture
def item(alice: Affiliate, product: Product, bob: User) -> PayoutItem:
    """17.99 USD for Alice, at PayPal."""
    approved_sale(alice, product)
    run_due_tasks()  # the buyer's receipt
    mail.outbox.clear()
    batch = prepare_payout(currency="USD", actor=bob)
    now = timezone.now()
    PayoutBatch.objects.update(state="sent", approved_at=now, approved_by=bob, approved_alone=True)
    PayoutParcel.objects.update(state="sent", paypal_batch_id="B", first_sent_at=now)
    PayoutItem.objects.update(state="sent")
    return batch.items.get()


def tell(item: PayoutItem, *statuses: PayoutItemStatus) -> str:
    for status in statuses:
        remote = PayoutItemState("I", "B", str(item.pk), status, item.total, None, None, None)
        apply_item_state(batch=item.batch, remote=remote)
    item.refresh_from_db()
    assert first_difference(paypal_since=None) == ""
    return item.state


@pytest.mark.parametrize(
    ("told", "state", "due"),
    [
        ([Status.ONHOLD, Status.SUCCESS], "paid", "0.00 USD"),
        ([Status.UNCLAIMED, Status.SUCCESS], "paid", "0.00 USD"),
        ([Status.SUCCESS, Status.UNCLAIMED], "paid", "0.00 USD"),
        ([Status.SUCCESS, Status.ONHOLD], "paid", "0.00 USD"),
        ([Status.SUCCESS, Status.REVERSED], "reversed", "17.99 USD"),
        ([Status.SUCCESS, Status.REFUNDED], "returned", "17.99 USD"),
        ([Status.UNCLAIMED, Status.RETURNED, Status.SUCCESS], "returned", "17.99 USD"),
        ([Status.ONHOLD, Status.BLOCKED], "blocked", "17.99 USD"),
        ([Status.PENDING], "sent", "0.00 USD"),
    ],
)
def test_each_word_of_paypals_is_followed(
    item: PayoutItem, alice: Affiliate, told: list[PayoutItemStatus], state: str, due: str
) -> None:
    assert tell(item, *told) == state
    assert balance(alice) == due
    assert Commission.objects.get().state == {"0.00 USD": "in_payout", "17.99 USD": "approved"}[due] or state == "paid"


def test_the_affiliate_hears_that_it_came_back(item: PayoutItem) -> None:
    tell(item, Status.BLOCKED, Status.BLOCKED)
    run_due_tasks()
    [message] = mail.outbox
    assert (message.to, message.subject) == (["alice@example.com"], "Your payout of 17.99 USD was returned")
    assert "the payment did not go through (state: blocked)" in message.body
    assert AuditEntry.objects.filter(action="affiliates.payout.item_returned").count() == 1


def test_a_cancelled_run_looks_like_no_failure(alice: Affiliate, product: Product, bob: User) -> None:
    approved_sale(alice, product)
    batch = prepare_payout(currency="USD", actor=bob)
    cancel_payout(batch=batch, actor=bob)
    assert batch.items.get().get_state_display() == "not sent; due again"
    actions = AuditEntry.objects.filter(action__startswith="affiliates.payout.").values_list("action", flat=True)
    assert set(actions) == {"affiliates.payout.prepared", "affiliates.payout.cancelled"}


def test_the_page_counts_by_state(staff: Client, item: PayoutItem) -> None:
    page = staff.get(f"/admin/affiliates/payoutbatch/{item.batch_id}/change/").content.decode()
    assert "0 of 1 payout settled" in page
    assert "Refresh" in page
    assert "on its way" in page
    tell(item, Status.SUCCESS)
    page = staff.get(f"/admin/affiliates/payoutbatch/{item.batch_id}/change/").content.decode()
    assert "1 of 1 payout settled" in page


def test_a_run_that_there_is_not_is_told_in_words(staff: Client) -> None:
    page = staff.get("/admin/affiliates/payoutbatch/nonsense/change/", follow=True)
    assert "doesn’t exist" in page.content.decode()


def test_the_database_wants_a_second_person_or_a_word_about_it(item: PayoutItem) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        PayoutBatch.objects.update(approved_alone=False)


def test_the_only_one_who_may_is_recorded_as_alone(alice: Affiliate, product: Product, bob: User) -> None:
    factories.user("vera@example.com", is_staff=True)  # of the staff, but without the permission
    approved_sale(alice, product)
    batch = prepare_payout(currency="USD", actor=bob)
    approve_payout(batch=batch, actor=bob)
    batch.refresh_from_db()
    assert batch.approved_alone


def test_an_address_that_went_before_the_sending_stops_nobody_else(
    alice: Affiliate, product: Product, bob: User, paypal_down: None
) -> None:
    approved_sale(alice, product)
    batch = prepare_payout(currency="USD", actor=bob)
    approve_payout(batch=batch, actor=bob)
    alice.payout_email = None
    alice.save()
    assert follow_open_payouts(now=timezone.now()) == 1
    batch.refresh_from_db()
    assert (batch.items.get().state, batch.state, balance(alice)) == ("cancelled", "finished", "17.99 USD")


def test_an_address_that_went_after_the_first_try_is_for_a_person(
    alice: Affiliate, product: Product, bob: User, paypal_down: None
) -> None:
    """PayPal may have it: giving the money back could pay it twice."""
    approved_sale(alice, product)
    batch = prepare_payout(currency="USD", actor=bob)
    approve_payout(batch=batch, actor=bob)
    follow_open_payouts(now=timezone.now())
    item = batch.items.get()
    item.receiver = None
    item.save(update_fields=["receiver"])
    follow_open_payouts(now=timezone.now())
    item.refresh_from_db()
    batch.refresh_from_db()
    assert (item.state, batch.state, balance(alice)) == ("queued", "approved", "0.00 USD")
    assert "Look this batch up at PayPal" in batch.problem
