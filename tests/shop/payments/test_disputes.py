"""Disputes and chargebacks: in any order of events, the money is recorded once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone

from privacy.audit.models import AuditEntry
from privacy.encryption.models import uuid7
from shop.models import Dispute, Order, Payment, PayPalEvent, Product, Refund
from shop.money import Money
from shop.payments.disputes import apply_dispute, update_open_disputes
from shop.paypal.types import DisputeOutcome, DisputeState, DisputeStatus
from shop.signals import dispute_closed, payment_disputed, payment_refunded, refund_reverted
from shop.webhooks.processing import handle_open_events
from tests import factories
from tests.paypal_standin.receiver import Receiver
from tests.shop.purchases import buy
from tests.shop.webhook_messages import deliver
from tests.standin_process import Standin

pytestmark = pytest.mark.usefixtures("product")

Work = Callable[[], int]
CREATED, UPDATED, RESOLVED = (f"CUSTOMER.DISPUTE.{what}" for what in ("CREATED", "UPDATED", "RESOLVED"))
REVERSED = "PAYMENT.CAPTURE.REVERSED"
BUYER, SELLER = "RESOLVED_BUYER_FAVOUR", "RESOLVED_SELLER_FAVOUR"


class News:
    """The signals that dependent apps receive, with the state at that moment."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, bool, int]] = []
        self.receivers = {
            "disputed": payment_disputed,
            "closed": dispute_closed,
            "refunded": payment_refunded,
            "restored": refund_reverted,
        }
        self._kept = []
        for name, signal in self.receivers.items():
            hear = self._ear(name)
            self._kept.append((signal, hear))
            signal.connect(hear)

    def _ear(self, name: str) -> Callable[..., None]:
        def hear(payment: Payment, **more: object) -> None:
            stored = Payment.objects.get(pk=payment.pk)
            if dispute := more.get("dispute"):
                assert Dispute.objects.get() == dispute
            self.heard.append((name, stored.is_disputed, stored.refunded_minor))

        return hear

    def stop(self) -> None:
        for signal, hear in self._kept:
            signal.disconnect(hear)


@pytest.fixture
def news() -> Iterator[News]:
    listening = News()
    yield listening
    listening.stop()


@pytest.fixture
def payment(client: Client, paypal: Standin, told: Receiver) -> Payment:
    return buy(client, paypal)


@pytest.fixture
def received(product: Product) -> Payment:
    """Paid, without any PayPal."""
    order = factories.order(product, state="paid", paid_at=timezone.now())
    return factories.payment(order, state="paid", capture_id="C1", paypal_order_id="O1")


def state(payment: Payment) -> tuple[str, str, int, bool]:
    payment.refresh_from_db()
    return payment.state, Order.objects.get(pk=payment.order_id).state, payment.refunded_minor, payment.is_disputed


def mark_sent_by_letter(told: Receiver, payment: Payment, *kinds: str) -> None:
    """Delivers the messages of these kinds, in this order, as far as they have been sent."""
    for kind in kinds:
        hook = told.wait_for(payment.capture_id or "", kind)[-1]
        assert deliver(hook) == 200


@pytest.mark.slow
def test_an_open_dispute_marks_the_payment_and_tells_staff(
    payment: Payment, paypal: Standin, told: Receiver, work: Work, news: News, staff: Client, client: Client
) -> None:
    paypal.act(payment.capture_id or "", "dispute")
    mark_sent_by_letter(told, payment, CREATED, CREATED)
    work()
    dispute = Dispute.objects.get()
    assert (dispute.state, dispute.total, dispute.is_open) == ("OPEN", payment.total, True)
    assert state(payment) == ("paid", "paid", 0, True)
    assert news.heard == [("disputed", True, 0)]
    [message] = [sent for sent in mail.outbox if "disputed" in sent.subject]
    assert f"/admin/shop/dispute/{dispute.pk}/" in str(message.body)
    assert "arol" not in str(message.body) + message.subject
    assert AuditEntry.objects.filter(action="shop.dispute.opened", object_id=str(dispute.pk)).count() == 1
    assert b"This payment is disputed" in client.get(payment.order.get_absolute_url()).content
    refund = {"amount": "59.95", "number": str(uuid7()), "stated": "$59.95"}
    page = staff.post(f"/admin/shop/payment/{payment.pk}/refund/", refund, follow=True)
    assert b"Respond to the dispute at PayPal" in page.content
    assert not Refund.objects.exists()


@pytest.mark.slow
@pytest.mark.parametrize("outcome", [SELLER, "RESOLVED_WITH_PAYOUT", "CANCELED_BY_BUYER", "DENIED", "NONE", "ACCEPTED"])
def test_a_dispute_that_takes_nothing_leaves_the_money(
    payment: Payment, paypal: Standin, told: Receiver, work: Work, news: News, outcome: str
) -> None:
    paypal.act(payment.capture_id or "", "dispute")
    mark_sent_by_letter(told, payment, CREATED)
    work()
    paypal.act(payment.capture_id or "", "resolve", outcome=outcome)
    mark_sent_by_letter(told, payment, RESOLVED)
    work()
    assert state(payment) == ("paid", "paid", 0, False)
    assert Dispute.objects.get().outcome == outcome
    assert news.heard == [("disputed", True, 0), ("closed", False, 0)]
    assert any("dispute is closed" in sent.subject for sent in mail.outbox)


@pytest.mark.slow
@pytest.mark.parametrize(
    "order",
    [
        (CREATED, REVERSED, RESOLVED),
        (CREATED, RESOLVED, REVERSED),
        (RESOLVED, REVERSED, CREATED),
        (REVERSED, RESOLVED, CREATED),
        (RESOLVED, CREATED, CREATED, REVERSED, RESOLVED, REVERSED),
    ],
)
def test_a_lost_dispute_takes_the_money_once_whatever_comes_first(
    payment: Payment, paypal: Standin, told: Receiver, work: Work, news: News, order: tuple[str, ...]
) -> None:
    paypal.act(payment.capture_id or "", "dispute")
    paypal.act(payment.capture_id or "", "resolve", outcome=BUYER)
    for kind in order:
        mark_sent_by_letter(told, payment, kind)
        work()
    refund = Refund.objects.get()
    assert (refund.source, refund.state, refund.total) == ("chargeback", "completed", payment.total)
    assert refund.paypal_refund_id is not None
    assert state(payment) == ("refunded", "refunded", 5995, False)
    assert [name for name, _, _ in news.heard].count("refunded") == 1
    assert AuditEntry.objects.filter(action="shop.refund.completed").count() == 1


@pytest.mark.slow
def test_only_what_is_left_is_taken(payment: Payment, paypal: Standin, told: Receiver, work: Work) -> None:
    paypal.act(payment.capture_id or "", "refund", amount="9.95")
    mark_sent_by_letter(told, payment, "PAYMENT.CAPTURE.REFUNDED")
    work()
    Refund.objects.update(created_at=timezone.now() - timedelta(days=1))  # PayPal's times are whole seconds
    paypal.act(payment.capture_id or "", "dispute")
    paypal.act(payment.capture_id or "", "resolve", outcome=BUYER)
    mark_sent_by_letter(told, payment, RESOLVED, REVERSED)
    work()
    taken = {refund.source: refund.amount_minor for refund in Refund.objects.all()}
    assert taken == {"paypal": 995, "chargeback": 5000}
    assert state(payment) == ("refunded", "refunded", 5995, False)


@pytest.mark.slow
def test_a_bank_that_takes_it_back_without_a_dispute_is_booked(
    payment: Payment, paypal: Standin, told: Receiver, work: Work, news: News
) -> None:
    paypal.act(payment.capture_id or "", "reverse", amount="20.00")
    mark_sent_by_letter(told, payment, REVERSED, REVERSED)
    work()
    assert Refund.objects.get().source == "chargeback"
    assert state(payment) == ("part_refunded", "part_refunded", 2000, False)
    assert news.heard == [("refunded", False, 2000)]


@pytest.mark.slow
def test_an_appeal_that_we_win_brings_the_money_back(
    payment: Payment, paypal: Standin, told: Receiver, work: Work, news: News
) -> None:
    paypal.act(payment.capture_id or "", "dispute")
    paypal.act(payment.capture_id or "", "resolve", outcome=BUYER)
    mark_sent_by_letter(told, payment, RESOLVED, REVERSED)
    work()
    paypal.act(payment.capture_id or "", "appeal")
    mark_sent_by_letter(told, payment, UPDATED)
    work()
    assert state(payment) == ("refunded", "refunded", 5995, True)
    assert not payment.order.licenses.working().exists()
    paypal.act(payment.capture_id or "", "resolve", outcome=SELLER)
    told.wait_for(payment.capture_id or "", RESOLVED, 2)
    mark_sent_by_letter(told, payment, RESOLVED)
    work()
    assert Refund.objects.get().state == "reverted"
    assert state(payment) == ("paid", "paid", 0, False)
    assert payment.order.licenses.working().exists()
    assert news.heard[-2:] == [("restored", True, 0), ("closed", False, 0)]
    mark_sent_by_letter(told, payment, REVERSED)
    assert work() == 0  # the message is known already
    assert handle_open_events(now=timezone.now() + timedelta(hours=1)) == 0


@pytest.mark.slow
def test_an_appeal_that_we_win_brings_back_what_an_earlier_refund_had_left(
    payment: Payment, paypal: Standin, told: Receiver, work: Work
) -> None:
    paypal.act(payment.capture_id or "", "refund", amount="9.95")
    mark_sent_by_letter(told, payment, "PAYMENT.CAPTURE.REFUNDED")
    work()
    paypal.act(payment.capture_id or "", "dispute")
    paypal.act(payment.capture_id or "", "resolve", outcome=BUYER)
    mark_sent_by_letter(told, payment, RESOLVED, REVERSED)
    work()
    assert state(payment) == ("refunded", "refunded", 5995, False)
    paypal.act(payment.capture_id or "", "appeal")
    paypal.act(payment.capture_id or "", "resolve", outcome=SELLER)
    told.wait_for(payment.capture_id or "", RESOLVED, 2)
    mark_sent_by_letter(told, payment, UPDATED, RESOLVED)
    work()
    assert state(payment) == ("part_refunded", "part_refunded", 995, False)
    assert payment.order.licenses.working().exists()


@pytest.mark.slow
def test_a_dispute_about_money_that_is_not_booked_yet_waits(
    payment: Payment, paypal: Standin, told: Receiver, work: Work
) -> None:
    paypal.act(payment.capture_id or "", "dispute")
    numbers = {"capture_id": payment.capture_id, "paypal_order_id": payment.paypal_order_id}
    Payment.objects.filter(pk=payment.pk).update(capture_id=None, paypal_order_id=None, state="new")
    hook = told.wait_for(str(numbers["capture_id"]), CREATED)[0]
    assert deliver(hook) == 200
    work()
    assert (Dispute.objects.count(), PayPalEvent.objects.get(event_type=CREATED).handled_at) == (0, None)
    Payment.objects.filter(pk=payment.pk).update(paypal_order_id=numbers["paypal_order_id"], state="capturing")
    handle_open_events(now=timezone.now() + timedelta(minutes=6))
    assert state(payment) == ("paid", "paid", 0, True)
    assert PayPalEvent.objects.get(event_type=CREATED).payment == payment


@pytest.mark.slow
def test_a_lost_message_is_made_up_for_by_looking(payment: Payment, paypal: Standin, told: Receiver) -> None:
    paypal.act(payment.capture_id or "", "dispute")
    hook = told.wait_for(payment.capture_id or "", CREATED)[0]
    factories.dispute(payment, paypal_id=hook.resource["dispute_id"], changed_at=datetime(2020, 1, 1, tzinfo=UTC))
    paypal.act(payment.capture_id or "", "resolve", outcome=SELLER)
    assert update_open_disputes(now=timezone.now()) == 0
    assert update_open_disputes(now=timezone.now() + timedelta(hours=2)) == 1
    assert Dispute.objects.get().outcome == SELLER


def told_of(payment: Payment, status: str = "OPEN", outcome: str | None = None, **more: object) -> DisputeState:
    values = {
        "id": "PP-D-1",
        "status": DisputeStatus(status),
        "reason": "UNAUTHORISED",
        "outcome": DisputeOutcome(outcome) if outcome else None,
        "amount": payment.total,
        "refunded": None,
        "capture_ids": (payment.capture_id or "",),
        "opened_at": timezone.now(),
        "changed_at": timezone.now(),
        "respond_by": None,
    }
    return DisputeState(**{**values, **more})  # type: ignore[arg-type]


def test_an_older_answer_changes_nothing(received: Payment) -> None:
    apply_dispute(payment=received, remote=told_of(received, "RESOLVED", SELLER))
    late = told_of(received, "OPEN", changed_at=timezone.now() - timedelta(days=1))
    apply_dispute(payment=received, remote=late)
    assert state(received) == ("paid", "paid", 0, False)
    assert Dispute.objects.get().state == "RESOLVED"


def test_the_outcomes_own_amount_counts(received: Payment) -> None:
    lost = told_of(received, "RESOLVED", BUYER, refunded=Money.of("20.00", "USD"))
    for _ in range(2):
        apply_dispute(payment=received, remote=lost)
    assert state(received) == ("part_refunded", "part_refunded", 2000, False)


def test_refund_since_the_dispute_reduces_the_chargeback(received: Payment) -> None:
    apply_dispute(payment=received, remote=told_of(received))
    Refund.objects.create(
        payment=received, source="paypal", amount_minor=2000, currency="USD", state="completed", paypal_refund_id="R1"
    )
    Payment.objects.filter(pk=received.pk).update(refunded_minor=2000, state="part_refunded")
    apply_dispute(payment=received, remote=told_of(received, "RESOLVED", BUYER, refunded=Money.of("20.00", "USD")))
    assert Payment.objects.get().refunded_minor == 2000


def test_another_currency_is_shown_and_not_booked(received: Payment) -> None:
    apply_dispute(payment=received, remote=told_of(received, "RESOLVED", BUYER, refunded=Money.of("20.00", "EUR")))
    received.refresh_from_db()
    assert (received.refunded_minor, "another currency" in received.problem) == (0, True)


def test_the_payment_stays_marked_while_another_dispute_is_open(received: Payment) -> None:
    factories.dispute(received)
    apply_dispute(payment=received, remote=told_of(received))
    apply_dispute(payment=received, remote=told_of(received, "RESOLVED", SELLER))
    assert state(received) == ("paid", "paid", 0, True)
