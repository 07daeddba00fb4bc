"""However a refund is split, in whatever order, before or after approval, the parts sum to the full reversal."""

from __future__ import annotations

from decimal import Decimal
from itertools import count

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from affiliates.commissions.lifecycle import approve_commission
from affiliates.commissions.rates import set_rate
from affiliates.models import Affiliate, Commission
from affiliates.payouts.reconciliation import first_difference
from shop.models import Payment, Product, Refund
from shop.money import Money
from shop.payments.capture_booking import apply_capture
from shop.payments.refunds import apply_refund
from shop.paypal.types import CaptureState, CaptureStatus, RefundState, RefundStatus
from tests import factories
from tests.affiliates.sales import attributed_order

CURRENCIES = ("USD", "JPY")
_numbers = count(1)
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


@pytest.mark.django_db(databases="__all__")
@pytest.mark.parametrize("currency", CURRENCIES)
@settings(max_examples=20, deadline=None, suppress_health_check=HEALTH)
@given(
    data=st.data(), price=st.integers(1, 1_000_000), hundredths=st.integers(0, 10_000), approve_after=st.integers(0, 8)
)
def test_refund_split_in_any_order_sums_to_full_reversal(
    data: st.DataObject, currency: str, price: int, hundredths: int, approve_after: int
) -> None:
    try:
        with transaction.atomic():
            product, alice = factories.product(), factories.affiliate("alice@example.com", "DEMO")
            set_rate(affiliate=alice, percent=Decimal(hundredths) / 100, actor=None)
            commission = buy(alice, product, price, currency)
            cuts = data.draw(st.sets(st.integers(1, max(price - 1, 1)), max_size=8).map(sorted), label="cuts")
            edges = [0, *[cut for cut in cuts if cut < price], price]
            parts = data.draw(st.permutations([end - start for start, end in zip(edges, edges[1:], strict=False)]))
            for number, part in enumerate(parts):
                if number == approve_after:
                    approve_commission(commission=commission, actor=None)
                give_money_back(Payment.objects.get(), part)
            commission.refresh_from_db()
            assert (commission.state, commission.reversed_minor) == ("reversed", commission.amount_minor)
            assert alice.ledger.balance(currency).minor == 0
            assert first_difference(paypal_since=None) == ""
            raise Rollback
    except Rollback:
        pass
