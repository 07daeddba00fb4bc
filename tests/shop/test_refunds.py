"""Refunds by staff and at PayPal's side: through PayPal, once, and never more than was paid."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.core import mail
from django.test import Client
from pytest_django import Settings

from affiliates.models import Affiliate, Commission
from privacy.models import Suppression
from privacy.purposes import Channel
from shop.models import Order, Payment, Product, Refund
from shop.money import Money
from shop.refunds import RefundRefused, adopt_refund, finish_open_refunds, refund_payment
from tests import factories
from tests.running_site import free_port
from tests.shop.buying import buy
from tests.standin_process import Standin

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("product")]

Work = Callable[[], int]


@pytest.fixture
def payment(client: Client, paypal: Standin, alice: Affiliate) -> Payment:
    """Paid, and brought by Alice."""
    return buy(client, paypal, code="DEMO")


def usd(amount: str) -> Money:
    return Money.of(amount, "USD")


def press(staff: Client, payment: Payment, amount: str) -> str:
    address = f"/admin/shop/payment/{payment.pk}/refund/"
    return staff.post(address, {"amount": amount}, follow=True).content.decode()


def states(payment: Payment) -> tuple[str, str, int]:
    payment.refresh_from_db()
    return payment.state, Order.objects.get(pk=payment.order_id).state, payment.refunded_minor


def test_staff_refund_everything(staff: Client, payment: Payment, work: Work) -> None:
    page = staff.get(f"/admin/shop/payment/{payment.pk}/refund/").content.decode()
    assert 'value="59.95"' in page
    assert "59.95 USD refunded" in press(staff, payment, "59.95")
    assert states(payment) == ("refunded", "refunded", 5995)
    assert Commission.objects.get().state == "reversed"
    work()
    assert "Refund for order" in mail.outbox[-1].subject
    assert "59.95 USD" in str(mail.outbox[-1].body)


def test_staff_refund_in_parts(staff: Client, payment: Payment) -> None:
    press(staff, payment, "20.00")
    assert states(payment) == ("part_refunded", "part_refunded", 2000)
    assert Commission.objects.get().reversed_minor == 600
    assert "At most 39.95 USD" in staff.get(f"/admin/shop/payment/{payment.pk}/refund/").content.decode()
    press(staff, payment, "39.95")
    assert states(payment) == ("refunded", "refunded", 5995)
    assert Commission.objects.get().reversed_minor == 1799


@pytest.mark.parametrize("amount", ["0", "0.001", "59.96", "-1", "1e9", "NaN", "", "ten"])
def test_what_cannot_be_refunded_is_said_and_not_tried(staff: Client, payment: Payment, amount: str) -> None:
    page = press(staff, payment, amount)
    assert "errorlist" in page
    assert states(payment) == ("paid", "paid", 0)
    assert not Refund.objects.exists()


def test_only_staff_with_the_permission_refund(client: Client, payment: Payment) -> None:
    address = f"/admin/shop/payment/{payment.pk}/refund/"
    assert Client().post(address, {"amount": "59.95"}).status_code == 302
    client.force_login(factories.user("vera@example.com", is_staff=True))
    assert client.post(address, {"amount": "59.95"}).status_code == 403
    assert not Refund.objects.exists()


def test_two_refunds_never_exceed_the_payment(payment: Payment) -> None:
    refund_payment(payment=payment, amount=usd("40.00"), requested_by=None)
    with pytest.raises(RefundRefused, match=r"At most 19\.95 USD"):
        refund_payment(payment=payment, amount=usd("20.00"), requested_by=None)
    assert Refund.objects.count() == 1


def test_without_paypal_it_is_kept_and_finished_later(
    staff: Client, payment: Payment, paypal: Standin, settings: Settings
) -> None:
    settings.PAYPAL_BASE_URL = f"http://127.0.0.1:{free_port()}"
    assert "The refund is kept and tried again by itself" in press(staff, payment, "59.95")
    assert Refund.objects.get().state == "new"
    assert "At most 0.00 USD of this payment can be refunded" in press(staff, payment, "59.95")
    settings.PAYPAL_BASE_URL = paypal.url
    assert finish_open_refunds() == 1
    assert states(payment) == ("refunded", "refunded", 5995)
    assert finish_open_refunds() == 0


def test_an_answer_that_was_lost_does_not_refund_twice(payment: Payment, paypal: Standin) -> None:
    paypal.fault("drop_after_commit", path_contains="/refund", times=5)
    with pytest.raises(RefundRefused):
        refund_payment(payment=payment, amount=usd("20.00"), requested_by=None)
    paypal.reset()
    finish_open_refunds()
    assert states(payment) == ("part_refunded", "part_refunded", 2000)
    assert Refund.objects.count() == 1


def test_a_pending_refund_is_booked_when_it_completes(payment: Payment, paypal: Standin) -> None:
    paypal.fault("refund_pending", path_contains="/refund")
    refund = refund_payment(payment=payment, amount=usd("59.95"), requested_by=None)
    assert (refund.state, states(payment)) == ("pending", ("paid", "paid", 0))
    finish_open_refunds()
    assert states(payment) == ("paid", "paid", 0)


def test_a_refund_that_paypal_refuses_is_told(payment: Payment, paypal: Standin) -> None:
    paypal.fault("issue", path_contains="/refund", issue="REFUND_TIME_LIMIT_EXCEEDED")
    with pytest.raises(RefundRefused, match="REFUND_TIME_LIMIT_EXCEEDED"):
        refund_payment(payment=payment, amount=usd("59.95"), requested_by=None)
    assert Refund.objects.get().state == "failed"
    assert states(payment) == ("paid", "paid", 0)
    refund_payment(payment=payment, amount=usd("59.95"), requested_by=None)
    assert states(payment) == ("refunded", "refunded", 5995)


def test_the_same_refund_seen_again_is_booked_once(payment: Payment) -> None:
    refund = refund_payment(payment=payment, amount=usd("20.00"), requested_by=None)
    assert refund.paypal_refund_id is not None
    for _ in range(2):
        adopt_refund(paypal_refund_id=refund.paypal_refund_id)
    assert states(payment) == ("part_refunded", "part_refunded", 2000)
    assert Refund.objects.count() == 1


def test_a_refund_is_booked_for_a_buyer_who_opted_out_of_mail(payment: Payment) -> None:
    Suppression.objects.create(fingerprint="carol@example.org", channel=Channel.EMAIL)
    refund_payment(payment=payment, amount=usd("59.95"), requested_by=None)
    assert states(payment) == ("refunded", "refunded", 5995)
    assert Commission.objects.get().state == "reversed"


def test_what_was_not_paid_is_not_refunded(product: Product) -> None:
    unpaid = factories.payment(factories.order(product))
    with pytest.raises(RefundRefused, match="Only a payment that has arrived"):
        refund_payment(payment=unpaid, amount=usd("1.00"), requested_by=None)
