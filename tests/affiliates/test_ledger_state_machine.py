"""Any sequence of sales, refunds, disputes, holds, payouts, returns and rate changes keeps the books: each step goes
through the program's own functions, and after each one the books are compared as `verify_ledger` compares them.
"""

from __future__ import annotations

import os
from decimal import Decimal
from itertools import count
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import transaction
from django.db.models import Sum
from django.utils import timezone
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from affiliates.commissions import approve_commission, reject_commission
from affiliates.flags import clear_flag, raise_flag
from affiliates.models import Affiliate, Commission, Flag, LedgerEntry, PayoutBatch, PayoutItem
from affiliates.payout_items import apply_item_state
from affiliates.payouts import PayoutRefused, cancel_payout, prepare_payout
from affiliates.rates import set_rate
from affiliates.running_sums import fold_sums
from affiliates.verification import first_difference
from privacy.sealed_models import uuid7
from shop.models import Payment, Product, Refund
from shop.money import Money
from shop.payment_booking import apply_capture
from shop.paypal.types import CaptureState, CaptureStatus, PayoutItemState, PayoutItemStatus, RefundState, RefundStatus
from shop.refunds import apply_refund
from shop.signals import dispute_closed, payment_disputed
from tests import factories
from tests.affiliates.sales import attributed_order

CURRENCIES = ("USD", "JPY")
_numbers = count(1)
positions = st.integers(min_value=0, max_value=99)  # of a row among those that are there
HEALTH = [HealthCheck.too_slow, HealthCheck.function_scoped_fixture, HealthCheck.filter_too_much]


class Rollback(Exception):
    """Ends a world."""


def buy(affiliate: Affiliate, product: Product, minor: int, currency: str) -> Commission:
    """A sale, paid: the order is attributed, and PayPal says that the money is here."""
    order = attributed_order(affiliate, product, amount_minor=minor, currency=currency)
    payment = factories.payment(order, state=Payment.State.CAPTURING, paypal_order_id=f"O-{order.pk}")
    capture = CaptureState(
        id=f"CAP-{payment.pk}",
        status=CaptureStatus.COMPLETED,
        amount=payment.total,
        custom_id=None,
        invoice_id=None,
        status_reason=None,
        order_id=payment.paypal_order_id,
        refunded=None,
    )
    apply_capture(payment=payment, capture=capture)
    return Commission.objects.get(attribution__order=order)


def give_money_back(payment: Payment, minor: int) -> None:
    amount = Money(minor, payment.currency)
    row = Refund.objects.create(payment=payment, amount_minor=minor, currency=payment.currency)
    remote = RefundState(
        id=f"R{next(_numbers)}", status=RefundStatus.COMPLETED, amount=amount, capture_id=payment.capture_id
    )
    for _ in range(2):  # PayPal tells everything twice
        apply_refund(refund=row, remote=remote)


class Books:
    """What happens to an affiliate program."""

    def __init__(self) -> None:
        self.product = factories.product()
        self.affiliates = [factories.affiliate(f"{name}@example.com", name.upper()) for name in ("alice", "erin")]
        self.staff = factories.user("bob@example.com", is_staff=True)
        self.disputes: list[tuple[Payment, SimpleNamespace]] = []

    def one(self, queryset: Any, position: int) -> Any:
        rows = list(queryset.order_by("pk"))
        assume(rows)
        return rows[position % len(rows)]

    def dispute(self, commission: Commission) -> None:
        payment, row = commission.attribution.order.payments.get(), SimpleNamespace(pk=uuid7())
        payment_disputed.send(Payment, payment=payment, dispute=row)
        self.disputes.append((payment, row))

    def end_dispute(self) -> None:
        assume(self.disputes)
        payment, row = self.disputes.pop()
        dispute_closed.send(Payment, payment=payment, dispute=row)

    def tell(self, item: PayoutItem, status: PayoutItemStatus) -> None:
        remote = PayoutItemState(
            id=f"I-{item.pk}",
            batch_id="B",
            sender_item_id=str(item.pk),
            status=status,
            amount=item.total,
            fee=None,
            transaction_id=None,
            error=None,
        )
        for _ in range(2):
            apply_item_state(batch=item.batch, remote=remote)


class Bookkeeping(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.world = transaction.atomic()
        self.world.__enter__()
        self.books = Books()

    def teardown(self) -> None:
        self.world.__exit__(Rollback, Rollback(), None)

    @initialize()
    def start_with_a_sale(self) -> None:
        buy(self.books.affiliates[0], self.books.product, 5995, "USD")

    @rule(who=st.integers(0, 1), minor=st.integers(1, 100_000), currency=st.sampled_from(CURRENCIES))
    def sell(self, who: int, minor: int, currency: str) -> None:
        buy(self.books.affiliates[who], self.books.product, minor, currency)

    @rule(who=st.integers(0, 1), hundredths=st.integers(0, 10_000))
    def change_the_rate(self, who: int, hundredths: int) -> None:
        set_rate(affiliate=self.books.affiliates[who], percent=Decimal(hundredths) / 100, by=None)

    @rule(minor=st.integers(0, 100_000), currency=st.sampled_from(CURRENCIES))
    def pay_a_flat_amount_for_the_product(self, minor: int, currency: str) -> None:
        set_rate(product=self.books.product, flat=Money(minor, currency), by=None)

    @rule(at=positions, share=st.integers(1, 100))
    def refund(self, at: int, share: int) -> None:
        payment = self.books.one(Payment.objects.exclude(state=Payment.State.REFUNDED), at)
        give_money_back(payment, max(payment.refundable.minor * share // 100, 1))

    @rule(at=positions)
    def undo_a_refund(self, at: int) -> None:
        refund = self.books.one(Refund.objects.filter(state=Refund.State.COMPLETED), at)
        for _ in range(2):  # PayPal tells everything twice
            remote = RefundState(
                id=refund.paypal_refund_id or "",
                status=RefundStatus.FAILED,
                amount=refund.total,
                capture_id=refund.payment.capture_id,
            )
            apply_refund(refund=refund, remote=remote)

    @rule(at=positions)
    def approve(self, at: int) -> None:
        approve_commission(commission=self.books.one(Commission.objects.all(), at), approved_by=None)

    @rule(at=positions)
    def reject(self, at: int) -> None:
        reject_commission(commission=self.books.one(Commission.objects.all(), at), reason="because")

    @rule(at=positions)
    def hold(self, at: int) -> None:
        commission = self.books.one(Commission.objects.all(), at)
        raise_flag(attribution=commission.attribution, kind=Flag.Kind.BY_STAFF)

    @rule(at=positions)
    def clear(self, at: int) -> None:
        clear_flag(flag=self.books.one(Flag.objects.open(), at), reason="fine", by=None)

    @rule(at=positions)
    def dispute(self, at: int) -> None:
        self.books.dispute(self.books.one(Commission.objects.all(), at))

    @rule()
    def end_dispute(self) -> None:
        self.books.end_dispute()

    @rule(currency=st.sampled_from(CURRENCIES))
    def prepare(self, currency: str) -> None:
        held = {str(pk) for pk in Commission.objects.held().approved().values_list("pk", flat=True)}
        try:
            prepare_payout(currency=currency, prepared_by=self.books.staff)
        except PayoutRefused:
            return
        assert {str(pk) for pk in Commission.objects.held().approved().values_list("pk", flat=True)} == held

    @rule(at=positions)
    def cancel(self, at: int) -> None:
        cancel_payout(batch=self.books.one(PayoutBatch.objects.filter(state=PayoutBatch.State.PREPARED), at))

    @rule(at=positions, status=st.sampled_from(list(PayoutItemStatus)))
    def hear_of_a_payout(self, at: int, status: PayoutItemStatus) -> None:
        sent = PayoutItem.objects.filter(batch__state=PayoutBatch.State.PREPARED).select_related("batch", "affiliate")
        item = self.books.one(sent, at)
        PayoutBatch.objects.filter(pk=item.batch_id).update(state=PayoutBatch.State.SENT, approved_at=timezone.now())
        for each in item.batch.items.all():
            self.books.tell(each, status)

    @rule(at=positions)
    def take_a_paid_one_back(self, at: int) -> None:
        item = self.books.one(PayoutItem.objects.filter(state=PayoutItem.State.PAID), at)
        self.books.tell(item, PayoutItemStatus.REVERSED)

    @rule()
    def fold_the_running_sums(self) -> None:
        fold_sums(now=timezone.now())

    @invariant()
    def the_books_agree(self) -> None:
        assert first_difference(paypal_since=None) == ""

    @invariant()
    def nothing_is_lost_between_commissions_payouts_and_balances(self) -> None:
        """What was credited less what was taken back is what was paid out and stayed out, plus what is still due."""
        for currency in CURRENCIES:
            credited = _sum(
                LedgerEntry.objects.filter(kind__in=["commission", "reversal", "restored"], currency=currency)
            )
            out = _sum(PayoutItem.objects.filter(currency=currency).exclude(state__in=PayoutItem.CAME_BACK))
            due = LedgerEntry.objects.unclaimed().balance(currency).minor
            assert credited == out + due

    @invariant()
    def what_no_payout_may_take_is_the_rest_of_what_is_due(self) -> None:
        for affiliate in Affiliate.objects.all():
            payable = set(affiliate.ledger.payable().values_list("pk", flat=True))
            withheld = set(LedgerEntry.objects.withheld_from(affiliate).values_list("pk", flat=True))
            assert payable | withheld == set(affiliate.ledger.unclaimed().values_list("pk", flat=True))
            assert not payable & withheld


def _sum(rows: Any) -> int:
    return rows.aggregate(sum=Sum("amount_minor"))["sum"] or 0


@pytest.mark.django_db(databases="__all__")
def test_no_sequence_of_events_unbalances_the_books(settings: Any) -> None:
    settings.AFFILIATE_MINIMUM_PAYOUT_CENTS = 1
    run_state_machine_as_test(Bookkeeping, settings=_settings())


def _settings() -> settings:
    examples = int(os.environ.get("LEDGER_EXAMPLES", "12"))
    return settings(max_examples=examples, stateful_step_count=25, deadline=None, suppress_health_check=HEALTH)


@pytest.mark.django_db(databases="__all__")
@pytest.mark.parametrize("currency", CURRENCIES)
@settings(max_examples=20, deadline=None, suppress_health_check=HEALTH)
@given(
    data=st.data(), price=st.integers(1, 1_000_000), hundredths=st.integers(0, 10_000), approve_after=st.integers(0, 8)
)
def test_any_split_in_any_order_sums_to_the_full_reversal(
    data: st.DataObject, currency: str, price: int, hundredths: int, approve_after: int
) -> None:
    try:
        with transaction.atomic():
            product, alice = factories.product(), factories.affiliate("alice@example.com", "DEMO")
            set_rate(affiliate=alice, percent=Decimal(hundredths) / 100, by=None)
            commission = buy(alice, product, price, currency)
            cuts = data.draw(st.sets(st.integers(1, max(price - 1, 1)), max_size=8).map(sorted), label="cuts")
            edges = [0, *[cut for cut in cuts if cut < price], price]
            parts = data.draw(st.permutations([end - start for start, end in zip(edges, edges[1:], strict=False)]))
            for number, part in enumerate(parts):
                if number == approve_after:
                    approve_commission(commission=commission, approved_by=None)
                give_money_back(Payment.objects.get(), part)
            commission.refresh_from_db()
            assert (commission.state, commission.reversed_minor) == ("reversed", commission.amount_minor)
            assert alice.ledger.balance(currency).minor == 0
            assert first_difference(paypal_since=None) == ""
            raise Rollback
    except Rollback:
        pass
