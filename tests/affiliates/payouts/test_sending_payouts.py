"""A payout run on its way, against the real stand-in: sent once, followed to the end, and back when it comes back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.core import mail
from django.utils import timezone
from pytest_django import Settings

from accounts.models import User
from affiliates.models import Affiliate, Commission, LedgerEntry, PayoutBatch, PayoutItem, PayoutParcel
from affiliates.payouts.reconciliation import first_difference
from affiliates.payouts.runs import approve_payout, prepare_payout
from affiliates.payouts.sending import follow_open_payouts, follow_payout
from shop.models import Product
from shop.paypal.types import PayoutItemState, PayoutItemStatus, PayoutPage, PayoutStatus, WebhookEvent
from shop.webhooks.processing import receive_event
from tests.affiliates.sales import approved_sale, balance, refund
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
def batch(alice: Affiliate, product: Product, bob: User) -> PayoutBatch:
    """One approved run over 17.99 USD for Alice, which the worker has not sent yet."""
    return approved_run(alice, product, bob)


def approved_run(affiliate: Affiliate, product: Product, bob: User) -> PayoutBatch:
    approved_sale(affiliate, product)
    batch = prepare_payout(currency="USD", actor=bob)
    approve_payout(batch=batch, actor=bob)
    return batch


def followed(batch: PayoutBatch) -> PayoutItem:
    """The run's only payout, once PayPal has made up its mind."""

    def done() -> bool:
        batch.refresh_from_db()
        follow_payout(batch=batch)
        batch.refresh_from_db()
        return batch.state != PayoutBatch.State.SENT or batch.items.exclude(state="sent").exists()

    eventually(done)
    return batch.items.get()


def test_it_is_sent_followed_and_paid(paypal: Standin, batch: PayoutBatch, work: Work) -> None:
    work()
    batch.refresh_from_db()
    assert (batch.state, batch.items.get().state) == ("sent", "sent")
    item = followed(batch)
    assert (batch.state, item.state) == ("finished", "paid")
    assert Commission.objects.get().state == "paid"
    assert balance(item.affiliate) == "0.00 USD"
    work()
    assert [message.to for message in mail.outbox if "paid" in message.subject] == [["alice@example.com"]]


def test_looking_again_changes_nothing(paypal: Standin, batch: PayoutBatch, work: Work) -> None:
    work()
    followed(batch)
    lines = LedgerEntry.objects.count()
    follow_payout(batch=batch)
    assert LedgerEntry.objects.count() == lines
    work()
    assert len([message for message in mail.outbox if "paid" in message.subject]) == 1


@pytest.mark.parametrize(
    ("address", "state"), [("blocked@example.com", "blocked"), ("returned@example.com", "returned")]
)
def test_money_that_comes_back_is_due_again(
    paypal: Standin, alice: Affiliate, product: Product, bob: User, work: Work, address: str, state: str
) -> None:
    alice.payout_email = address
    alice.save()
    batch = approved_run(alice, product, bob)
    work()
    assert followed(batch).state == state
    assert batch.state == "finished"
    assert Commission.objects.get().state == "approved"
    assert balance(alice) == "17.99 USD"
    alice.payout_email = "alice@example.com"
    alice.save()
    again = prepare_payout(currency="USD", actor=bob)
    approve_payout(batch=again, actor=bob)
    work()
    assert followed(again).state == "paid"
    assert Commission.objects.get().state == "paid"
    assert balance(alice) == "0.00 USD"


def test_a_denied_run_is_due_again(paypal: Standin, batch: PayoutBatch, alice: Affiliate, work: Work) -> None:
    paypal.fault("payout_batch_denied", path_contains="/v1/payments/payouts")
    work()
    paypal.advance(5)
    item = followed(batch)
    assert (batch.state, batch.problem, item.state) == ("denied", "PayPal denied the batch", "cancelled")
    assert item.paypal_item_id is not None
    assert first_difference(paypal_since=timezone.now() - timedelta(days=1)) == ""
    PayoutItem.objects.update(paypal_item_id=None)  # as it was left before
    assert first_difference(paypal_since=timezone.now() - timedelta(days=1)) == ""
    assert Commission.objects.get().state == "approved"
    assert balance(alice) == "17.99 USD"


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

    def get_payout(self, batch_id: str, page: int = 1) -> PayoutPage:
        return next(self.answers)


def test_a_run_is_not_finished_before_paypal_is(batch: PayoutBatch, monkeypatch: pytest.MonkeyPatch) -> None:
    PayoutBatch.objects.update(state=PayoutBatch.State.SENT)
    PayoutParcel.objects.update(state=PayoutParcel.State.SENT, paypal_batch_id="BATCH")
    paypal = DeniedInTwoSteps(batch.items.get())
    monkeypatch.setattr("affiliates.payouts.sending.gateway", lambda: paypal)
    states = []
    for _ in range(2):
        batch.refresh_from_db()
        follow_payout(batch=batch)
        states.append((PayoutBatch.objects.get().state, batch.items.get().state))
    assert states == [("sent", "failed"), ("denied", "failed")]


def test_an_answer_that_was_lost_is_found_again(paypal: Standin, batch: PayoutBatch, work: Work) -> None:
    paypal.fault("drop_after_commit", path_contains="/v1/payments/payouts", times=1)
    work()
    follow_open_payouts(now=timezone.now())
    assert followed(batch).state == "paid"
    assert PayoutItem.objects.count() == 1


def test_without_paypal_it_waits_and_is_sent_later(
    paypal: Standin, batch: PayoutBatch, work: Work, settings: Settings
) -> None:
    settings.PAYPAL_BASE_URL = f"http://127.0.0.1:{free_port()}"
    work()
    batch.refresh_from_db()
    assert batch.state == "approved"
    settings.PAYPAL_BASE_URL = paypal.url
    assert follow_open_payouts(now=timezone.now()) == 1
    assert followed(batch).state == "paid"


def test_a_message_of_paypal_is_a_reason_to_look(paypal: Standin, batch: PayoutBatch, work: Work) -> None:
    work()
    batch.refresh_from_db()
    resource = {"batch_header": {"payout_batch_id": batch.parcels.get().paypal_batch_id}}

    def told() -> bool:
        number = f"WH-{timezone.now().timestamp()}"
        receive_event(WebhookEvent(number, "PAYMENT.PAYOUTSBATCH.SUCCESS", "payouts", resource, None))
        work()
        return batch.items.get().state == "paid"

    assert eventually(told)


def test_a_refund_while_it_is_paid_becomes_a_debt(
    paypal: Standin, batch: PayoutBatch, alice: Affiliate, work: Work
) -> None:
    work()
    refund(Commission.objects.get(), "59.95")
    assert followed(batch).state == "paid"
    assert Commission.objects.get().state == "reversed"
    assert balance(alice) == "-17.99 USD"
