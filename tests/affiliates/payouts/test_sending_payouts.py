"""Sending a payout run to the real stand-in: sent once, followed until settled, returned if PayPal returns it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.core import mail
from django.utils import timezone
from pytest_django import Settings

from accounts.models import User
from affiliates.models import Affiliate, Commission, LedgerEntry, PayoutItem, PayoutRun, PayPalBatch
from affiliates.payouts.reconciliation import first_difference
from affiliates.payouts.runs import approve_payout, prepare_payout
from affiliates.payouts.sending import follow_open_payouts
from shop.models import Product
from shop.paypal.types import PayoutItemState, PayoutItemStatus, PayoutPage, PayoutStatus, WebhookEvent
from shop.webhooks.processing import receive_event
from tests.affiliates.sales import approved_sale, balance, follow_payout, refund
from tests.paypal_standin.receiver import eventually
from tests.running_site import free_port
from tests.standin_process import Standin
from tests.worker import run_due_tasks

pytestmark = pytest.mark.slow

Work = Callable[[], int]


@pytest.fixture
def work(paypal: Standin) -> Work:
    """The worker; and PayPal has had the seconds that a run takes it."""

    def run() -> int:
        done = run_due_tasks()
        paypal.advance(5)
        return done

    return run


@pytest.fixture
def run(alice: Affiliate, product: Product, bob: User) -> PayoutRun:
    """One approved run over $17.99 for Alice, which the worker has not sent yet."""
    return approved_run(alice, product, bob)


def approved_run(affiliate: Affiliate, product: Product, bob: User) -> PayoutRun:
    approved_sale(affiliate, product)
    run = prepare_payout(currency="USD", actor=bob)
    approve_payout(run=run, actor=bob)
    return run


def followed(run: PayoutRun) -> PayoutItem:
    """The run's only payout, once PayPal has made up its mind."""

    def done() -> bool:
        run.refresh_from_db()
        follow_payout(run=run)
        run.refresh_from_db()
        return run.state != PayoutRun.State.SENT or run.items.exclude(state="sent").exists()

    eventually(done)
    return run.items.get()


def test_payout_is_sent_followed_and_paid(paypal: Standin, run: PayoutRun, work: Work) -> None:
    work()
    run.refresh_from_db()
    assert (run.state, run.items.get().state) == ("sent", "sent")
    item = followed(run)
    assert (run.state, item.state) == ("finished", "paid")
    assert Commission.objects.get().state == "paid"
    assert balance(item.affiliate) == "$0.00"
    work()
    assert [message.to for message in mail.outbox if "paid" in message.subject] == [["alice@example.com"]]


def test_following_payout_again_changes_nothing(paypal: Standin, run: PayoutRun, work: Work) -> None:
    work()
    followed(run)
    lines = LedgerEntry.objects.count()
    follow_payout(run=run)
    assert LedgerEntry.objects.count() == lines
    work()
    assert len([message for message in mail.outbox if "paid" in message.subject]) == 1


@pytest.mark.parametrize(
    ("address", "state"), [("blocked@example.com", "blocked"), ("returned@example.com", "returned")]
)
def test_returned_payout_is_due_again(
    paypal: Standin, alice: Affiliate, product: Product, bob: User, work: Work, address: str, state: str
) -> None:
    alice.payout_email = address
    alice.save()
    run = approved_run(alice, product, bob)
    work()
    assert followed(run).state == state
    assert run.state == "finished"
    assert Commission.objects.get().state == "approved"
    assert balance(alice) == "$17.99"
    alice.payout_email = "alice@example.com"
    alice.save()
    again = prepare_payout(currency="USD", actor=bob)
    approve_payout(run=again, actor=bob)
    work()
    assert followed(again).state == "paid"
    assert Commission.objects.get().state == "paid"
    assert balance(alice) == "$0.00"


def test_denied_run_is_due_again(paypal: Standin, run: PayoutRun, alice: Affiliate, work: Work) -> None:
    paypal.fault("payout_batch_denied", path_contains="/v1/payments/payouts")
    work()
    paypal.advance(5)
    item = followed(run)
    assert (run.state, run.problem, item.state) == ("denied", "PayPal denied the batch", "cancelled")
    assert item.paypal_item_id is not None
    assert first_difference(paypal_since=timezone.now() - timedelta(days=1)) == ""
    PayoutItem.objects.update(paypal_item_id=None)  # as it was left before
    assert first_difference(paypal_since=timezone.now() - timedelta(days=1)) == ""
    assert Commission.objects.get().state == "approved"
    assert balance(alice) == "$17.99"


class DeniedInTwoSteps:
    """PayPal in the middle of denying a run: the payout has failed already, the run itself is denied a moment later."""

    def __init__(self, item: PayoutItem) -> None:
        failed = PayoutItemState(
            "ITEM",
            "BATCH",
            str(item.pk),
            PayoutItemStatus.FAILED,
            item.total,
            fee=None,
            transaction_id=None,
            error=None,
        )
        steps = (PayoutStatus.PROCESSING, PayoutStatus.DENIED)
        self.answers = iter([PayoutPage("BATCH", None, status, (failed,), 1) for status in steps])

    def get_payout(self, run_id: str, page: int = 1) -> PayoutPage:
        return next(self.answers)


def test_run_is_not_finished_before_paypal_batch(run: PayoutRun, monkeypatch: pytest.MonkeyPatch) -> None:
    PayoutRun.objects.update(state=PayoutRun.State.SENT)
    PayPalBatch.objects.update(state=PayPalBatch.State.SENT, paypal_batch_id="BATCH")
    paypal = DeniedInTwoSteps(run.items.get())
    monkeypatch.setattr("affiliates.payouts.sending.gateway", lambda: paypal)
    states = []
    for _ in range(2):
        run.refresh_from_db()
        follow_payout(run=run)
        states.append((PayoutRun.objects.get().state, run.items.get().state))
    assert states == [("sent", "failed"), ("denied", "failed")]


def test_lost_response_is_recovered(paypal: Standin, run: PayoutRun, work: Work) -> None:
    paypal.fault("drop_after_commit", path_contains="/v1/payments/payouts", times=1)
    work()
    follow_open_payouts(now=timezone.now())
    assert followed(run).state == "paid"
    assert PayoutItem.objects.count() == 1


def test_run_waits_while_paypal_is_unreachable(paypal: Standin, run: PayoutRun, work: Work, settings: Settings) -> None:
    settings.PAYPAL_BASE_URL = f"http://127.0.0.1:{free_port()}"
    work()
    run.refresh_from_db()
    assert run.state == "approved"
    settings.PAYPAL_BASE_URL = paypal.url
    assert follow_open_payouts(now=timezone.now()) == 1
    assert followed(run).state == "paid"


def test_webhook_updates_payout_batch(paypal: Standin, run: PayoutRun, work: Work) -> None:
    work()
    run.refresh_from_db()
    resource = {"batch_header": {"payout_batch_id": run.batches.get().paypal_batch_id}}

    def told() -> bool:
        number = f"WH-{timezone.now().timestamp()}"
        receive_event(WebhookEvent(number, "PAYMENT.PAYOUTSBATCH.SUCCESS", "payouts", resource, None))
        work()
        return run.items.get().state == "paid"

    assert eventually(told)


def test_refund_during_payout_becomes_debt(paypal: Standin, run: PayoutRun, alice: Affiliate, work: Work) -> None:
    work()
    refund(Commission.objects.get(), "59.95")
    assert followed(run).state == "paid"
    assert Commission.objects.get().state == "reversed"
    assert balance(alice) == "-$17.99"
