"""Extra captures: found by any event or comparison, never recorded as payments, shown until refunded."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from bs4 import BeautifulSoup
from django.test import Client
from django.utils import timezone

from affiliates.models import Affiliate, Commission
from affiliates.payouts.reconciliation import first_difference
from shop.models import ExtraCapture, Order, Payment, PayPalEvent
from shop.paypal.gateway import gateway
from shop.reconciliation.reconcile import reconcile_now, reconcile_payments
from tests.paypal_standin.receiver import Receiver
from tests.shop.purchases import approve, buy, place
from tests.shop.webhook_messages import deliver
from tests.standin_process import Standin

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("product")]

Work = Callable[[], int]


@pytest.fixture
def payment(client: Client, paypal: Standin, alice: Affiliate) -> Payment:
    """Paid, and brought by Alice."""
    return buy(client, paypal, code="DEMO")


def text_of(staff: Client, address: str) -> str:
    return " ".join(BeautifulSoup(staff.get(address).content, "html.parser").get_text(" ").split())


def other_capture(payment: Payment) -> str:
    """PayPal's number of the one that isn't the payment's own."""
    order = gateway().get_order(payment.paypal_order_id or "")
    [number] = [capture.id for capture in order.captures if capture.id != payment.capture_id]
    return number


def assert_found_and_nothing_else_moved(staff: Client, payment: Payment) -> None:
    before = payment.capture_id
    payment.refresh_from_db()
    assert (payment.state, payment.capture_id, payment.problem) == ("paid", before, "")
    assert payment.refunded_minor == 0
    assert [str(extra.total) for extra in ExtraCapture.objects.to_refund()] == ["$59.95"]
    assert "order captured twice by PayPal: refund the second payment" in text_of(staff, "/admin/")
    assert other_capture(payment) in text_of(staff, "/admin/shop/payment/reconciliation/")
    assert Commission.objects.get().amount_minor == 1799
    assert first_difference(paypal_since=None) == ""


def test_a_message_about_a_second_capture_shows_it_to_staff(
    staff: Client, payment: Payment, paypal: Standin, told: Receiver, work: Work
) -> None:
    assert "captured twice" not in text_of(staff, "/admin/")
    paypal.act(payment.capture_id or "", "again")
    [hook] = told.wait_for(other_capture(payment), "PAYMENT.CAPTURE.COMPLETED")
    for _ in range(2):
        assert deliver(hook) == 200
        work()
    assert_found_and_nothing_else_moved(staff, payment)
    assert PayPalEvent.objects.get().handled_at is not None


def test_daily_comparison_finds_an_extra_capture(staff: Client, payment: Payment, paypal: Standin) -> None:
    paypal.act(payment.capture_id or "", "again")
    for _ in range(2):
        assert reconcile_payments(now=timezone.now()) in {0, 1}
    assert_found_and_nothing_else_moved(staff, payment)


def test_an_order_with_two_captures_is_settled_by_one(
    staff: Client, client: Client, paypal: Standin, alice: Affiliate
) -> None:
    payment = place(client, code="DEMO").payments.get()
    back = approve(paypal, payment)
    number = gateway().capture_order(order_id=payment.paypal_order_id or "", request_id=payment.capture_key)
    paypal.act(number.captures[0].id, "again")
    client.get(back)
    payment.refresh_from_db()
    assert_found_and_nothing_else_moved(staff, payment)


def test_refunded_extra_capture_leaves_the_list(
    staff: Client, payment: Payment, paypal: Standin, told: Receiver, work: Work
) -> None:
    paypal.act(payment.capture_id or "", "again")
    reconcile_now()
    assert "Collected twice" in text_of(staff, "/admin/shop/payment/reconciliation/")
    paypal.act(other_capture(payment), "refund")
    [hook] = told.wait_for(other_capture(payment), "PAYMENT.CAPTURE.REFUNDED")
    deliver(hook)
    work()
    assert PayPalEvent.objects.get().handled_at is not None
    assert not ExtraCapture.objects.to_refund().exists()
    assert "Collected twice" not in text_of(staff, "/admin/shop/payment/reconciliation/")
    with time_machine.travel(timezone.now() + timedelta(days=1, minutes=1)):
        assert reconcile_payments(now=timezone.now()) == 1
    payment.refresh_from_db()
    assert (payment.state, payment.problem, payment.refunded_minor) == ("paid", "", 0)
    assert Commission.objects.get().reversed_minor == 0


def test_a_refund_of_it_that_nobody_told_of_is_found_by_the_look(payment: Payment, paypal: Standin) -> None:
    paypal.act(payment.capture_id or "", "again")
    reconcile_now()
    assert ExtraCapture.objects.to_refund().count() == 1
    paypal.act(other_capture(payment), "refund")
    reconcile_now()
    payment.refresh_from_db()
    assert (payment.problem, ExtraCapture.objects.to_refund().count()) == ("", 0)


def test_an_earlier_attempt_that_is_collected_after_a_later_one_was_paid_is_shown_until_refunded(
    staff: Client, client: Client, paypal: Standin, alice: Affiliate
) -> None:
    order = place(client, code="DEMO")
    first = order.payments.get()
    approve(paypal, first)
    Payment.objects.filter(pk=first.pk).update(state=Payment.State.EXPIRED)  # as this site believed
    client.post(f"{order.get_absolute_url()}pay/")
    second = order.payments.exclude(pk=first.pk).get()
    client.get(approve(paypal, second))
    collected = gateway().capture_order(order_id=first.paypal_order_id or "", request_id=first.capture_key).captures[0]
    Payment.objects.filter(pk=first.pk).update(problem="unknown")
    reconcile_now()
    assert Order.objects.get().state == "paid"
    assert [extra.capture_id for extra in ExtraCapture.objects.to_refund()] == [collected.id]
    paypal.act(collected.id, "refund")
    reconcile_now()
    first.refresh_from_db()
    assert (first.state, first.problem, ExtraCapture.objects.to_refund().count()) == ("expired", "", 0)
