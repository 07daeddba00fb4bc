"""An unclaimed payout is canceled by staff, or returned after 30 days, and is due again."""

from __future__ import annotations

from datetime import timedelta

import pytest
import requests
from django.core import mail
from django.test import Client
from django.utils import timezone

from accounts.models import User
from affiliates.models import Affiliate, Commission, LedgerEntry, PayoutItem, PayoutRun, PayPalBatch
from affiliates.payouts.reconciliation import first_difference
from affiliates.payouts.runs import approve_payout, prepare_payout
from affiliates.payouts.sending import follow_open_payouts
from shop.models import Product
from tests.affiliates.sales import approved_sale, balance, follow_payout
from tests.cast import signed_in
from tests.paypal_standin.receiver import eventually
from tests.standin_process import Standin
from tests.worker import run_due_tasks

pytestmark = pytest.mark.slow

TAKE_BACK = "/admin/affiliates/payoutitem/{}/take-back/"


@pytest.fixture
def item(paypal: Standin, alice: Affiliate, product: Product, bob: User) -> PayoutItem:
    """$17.99 that wait at PayPal, because Alice has no account there."""
    alice.payout_email = "unclaimed@example.com"
    alice.save()
    approved_sale(alice, product)
    run = prepare_payout(currency="USD", actor=bob)
    approve_payout(run=run, actor=bob)
    run_due_tasks()
    paypal.advance(5)

    def waits() -> bool:
        follow_payout(run=PayoutRun.objects.get())
        return run.items.filter(state="unclaimed").exists()

    eventually(waits)
    mail.outbox.clear()
    return run.items.get()


def state_of(item: PayoutItem) -> tuple[str, str]:
    """Of the payout and its run, while the books agree."""
    assert first_difference(paypal_since=None) == ""
    item.refresh_from_db()
    return item.state, PayoutRun.objects.get().state


def test_staff_cancel_unclaimed_payout(staff: Client, alice: Affiliate, item: PayoutItem) -> None:
    page = staff.get(f"/admin/affiliates/payoutitem/{item.pk}/change/").content.decode()
    assert "Cancel at PayPal" in page
    page = staff.post(TAKE_BACK.format(item.pk), follow=True).content.decode()
    assert "PayPal&#x27;s state: returned." in page
    assert "Cancel at PayPal" not in page
    assert state_of(item) == ("returned", "finished")
    assert balance(alice) == "$17.99"
    assert Commission.objects.get().state == "approved"
    run_due_tasks()
    assert [message.subject for message in mail.outbox] == ["Your payout of $17.99 was returned"]


def test_canceling_unclaimed_payout_twice_releases_once(staff: Client, item: PayoutItem) -> None:
    staff.post(TAKE_BACK.format(item.pk))
    lines = LedgerEntry.objects.count()
    assert staff.post(TAKE_BACK.format(item.pk)).status_code == 404
    assert LedgerEntry.objects.count() == lines


def test_payout_claimed_before_cancellation_is_paid(staff: Client, paypal: Standin, item: PayoutItem) -> None:
    address = f"{paypal.url}/standin/items/{item.paypal_item_id}"
    requests.post(address, data={"choice": "Claim it"}, allow_redirects=False, timeout=10).raise_for_status()
    page = staff.post(TAKE_BACK.format(item.pk), follow=True).content.decode()
    assert "PayPal&#x27;s state: paid" in page
    assert state_of(item) == ("paid", "finished")
    assert balance(item.affiliate) == "$0.00"


def test_cancellation_without_paypal_changes_nothing(staff: Client, item: PayoutItem, paypal_down: None) -> None:
    page = staff.post(TAKE_BACK.format(item.pk), follow=True).content.decode()
    assert "PayPal can’t be reached. Please try again in a moment." in page.replace("&#x27;", "’")
    assert state_of(item) == ("unclaimed", "sent")


def test_payout_returned_by_paypal_is_due_again(paypal: Standin, alice: Affiliate, item: PayoutItem) -> None:
    paypal.advance(timedelta(days=31).total_seconds())

    def came_back() -> bool:
        follow_open_payouts(now=timezone.now())
        return state_of(item) == ("returned", "finished")

    eventually(came_back)
    assert balance(alice) == "$17.99"


@pytest.mark.parametrize(("days", "state"), [(29, "unclaimed"), (31, "returned")])
def test_old_unclaimed_payout_is_canceled(item: PayoutItem, days: int, state: str) -> None:
    PayPalBatch.objects.update(first_sent_at=timezone.now() - timedelta(days=days))
    follow_open_payouts(now=timezone.now())
    assert state_of(item)[0] == state


def test_canceling_unclaimed_payout_requires_permission(item: PayoutItem, vera: User) -> None:
    client = signed_in(vera)
    assert client.post(TAKE_BACK.format(item.pk)).status_code == 403
    assert Client().post(TAKE_BACK.format(item.pk)).status_code == 302
    assert state_of(item) == ("unclaimed", "sent")
