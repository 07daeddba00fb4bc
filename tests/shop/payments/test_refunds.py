"""Refunds by staff and at PayPal's side: through PayPal, once, and never more than was paid."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
import time_machine
from django.core import mail
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from accounts.models import User
from affiliates.models import Affiliate, Commission
from privacy.admin_base.refusals import ActionRefused
from privacy.encryption.models import uuid7
from privacy.models import Suppression
from privacy.registry.purposes import Channel
from shop.models import Order, Payment, Product, Refund
from shop.money import Money
from shop.payments.refunds import apply_refund, finish_open_refunds, import_refund, refund_payment
from shop.paypal.types import RefundStatus
from shop.reconciliation.reconcile import reconcile_payment
from tests import factories
from tests.running_site import free_port
from tests.shop.purchases import buy, refund_of
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
    return sent(staff, payment, amount, str(uuid7()))


def sent(staff: Client, payment: Payment, amount: str, number: str) -> str:
    address = f"/admin/shop/payment/{payment.pk}/refund/"
    data = {"amount": amount, "number": number, "stated": named(amount, payment)}
    return staff.post(address, data, follow=True).content.decode()


def named(amount: str, payment: Payment) -> str:
    """The sum, as the button of the page names it."""
    try:
        return str(Money.of(amount, payment.currency))
    except ValueError:
        return ""


def states(payment: Payment) -> tuple[str, str, int]:
    payment.refresh_from_db()
    return payment.state, Order.objects.get(pk=payment.order_id).state, payment.refunded_minor


def test_staff_refund_everything(staff: Client, payment: Payment, work: Work) -> None:
    page = staff.get(f"/admin/shop/payment/{payment.pk}/refund/").content.decode()
    assert 'value="59.95"' in page
    assert "$59.95 refunded" in press(staff, payment, "59.95")
    assert states(payment) == ("refunded", "refunded", 5995)
    assert Commission.objects.get().state == "reversed"
    work()
    assert "Your refund of" in mail.outbox[-1].subject
    assert "$59.95" in str(mail.outbox[-1].body)


def test_staff_refund_in_parts(staff: Client, payment: Payment) -> None:
    press(staff, payment, "20.00")
    assert states(payment) == ("part_refunded", "part_refunded", 2000)
    assert Commission.objects.get().reversed_minor == 600
    assert "At most $39.95" in staff.get(f"/admin/shop/payment/{payment.pk}/refund/").content.decode()
    press(staff, payment, "39.95")
    assert states(payment) == ("refunded", "refunded", 5995)
    assert Commission.objects.get().reversed_minor == 1799


@pytest.mark.parametrize("amount", ["0", "0.001", "59.96", "-1", "1e9", "NaN", "", "ten"])
def test_impossible_refund_is_explained_and_not_sent(staff: Client, payment: Payment, amount: str) -> None:
    page = press(staff, payment, amount)
    assert "errorlist" in page
    assert states(payment) == ("paid", "paid", 0)
    assert not Refund.objects.exists()


def test_only_staff_with_the_permission_refund(client: Client, payment: Payment, vera: User) -> None:
    address = f"/admin/shop/payment/{payment.pk}/refund/"
    assert Client().post(address, {"amount": "59.95"}).status_code == 302
    client.force_login(vera)
    assert client.post(address, {"amount": "59.95"}).status_code == 403
    assert not Refund.objects.exists()


def test_two_refunds_never_exceed_the_payment(payment: Payment) -> None:
    refund_payment(payment=payment, amount=usd("40.00"), actor=None)
    with pytest.raises(ActionRefused, match=r"At most \$19\.95"):
        refund_payment(payment=payment, amount=usd("20.00"), actor=None)
    assert Refund.objects.count() == 1


def test_without_paypal_it_is_kept_and_finished_later(
    staff: Client, payment: Payment, paypal: Standin, settings: Settings
) -> None:
    settings.PAYPAL_BASE_URL = f"http://127.0.0.1:{free_port()}"
    assert "The refund is saved and will be retried automatically" in press(staff, payment, "59.95")
    assert Refund.objects.get().state == "new"
    assert "At most $0.00 can be refunded" in press(staff, payment, "59.95")
    settings.PAYPAL_BASE_URL = paypal.url
    assert finish_open_refunds() == 1
    assert states(payment) == ("refunded", "refunded", 5995)
    assert finish_open_refunds() == 0


def test_an_answer_that_was_lost_does_not_refund_twice(payment: Payment, paypal: Standin) -> None:
    paypal.fault("drop_after_commit", path_contains="/refund", times=5)
    with pytest.raises(ActionRefused):
        refund_payment(payment=payment, amount=usd("20.00"), actor=None)
    paypal.reset()
    finish_open_refunds()
    assert states(payment) == ("part_refunded", "part_refunded", 2000)
    assert Refund.objects.count() == 1


def test_a_pending_refund_is_booked_when_it_completes(payment: Payment, paypal: Standin) -> None:
    paypal.fault("refund_pending", path_contains="/refund")
    refund = refund_payment(payment=payment, amount=usd("59.95"), actor=None)
    assert (refund.state, states(payment)) == ("pending", ("paid", "paid", 0))
    clock_in = timezone.now() + timedelta(minutes=11)
    assert finish_open_refunds() == 0  # checked every ten minutes only
    assert states(payment) == ("paid", "paid", 0)
    paypal.act_on_refund(refund.paypal_refund_id or "", "complete")
    with time_machine.travel(clock_in):
        assert finish_open_refunds() == 1
    assert states(payment) == ("refunded", "refunded", 5995)


def test_a_pending_refund_that_fails_leaves_the_money(payment: Payment, paypal: Standin) -> None:
    paypal.fault("refund_pending", path_contains="/refund")
    refund = refund_payment(payment=payment, amount=usd("59.95"), actor=None)
    with pytest.raises(ActionRefused, match="is refunded or on its way"):
        refund_payment(payment=payment, amount=usd("1.00"), actor=None)
    paypal.act_on_refund(refund.paypal_refund_id or "", "fail")
    import_refund(paypal_refund_id=refund.paypal_refund_id or "")
    refund.refresh_from_db()
    assert (refund.state, states(payment)) == ("failed", ("paid", "paid", 0))
    refund_payment(payment=payment, amount=usd("59.95"), actor=None)
    assert states(payment) == ("refunded", "refunded", 5995)


def test_a_double_press_of_the_button_makes_one_refund(staff: Client, payment: Payment) -> None:
    address = f"/admin/shop/payment/{payment.pk}/refund/"
    [number] = re.findall(r'name="number" value="([0-9a-f-]{36})"', staff.get(address).content.decode())
    data = {"amount": "40.00", "number": number, "stated": "$40.00"}
    pages = [staff.post(address, data, follow=True) for _ in range(2)]
    assert all(b"$40.00 refunded" in page.content for page in pages)
    assert states(payment) == ("part_refunded", "part_refunded", 4000)
    assert Refund.objects.count() == 1
    staff.post(address, {"amount": "10.00", "number": str(uuid7()), "stated": "$10.00"}, follow=True)
    assert states(payment) == ("part_refunded", "part_refunded", 5000)


@pytest.mark.parametrize("number", ["nonsense", "' OR 1=1", "", "00000000-0000-0000-0000-000000000000"])
def test_a_number_that_is_none_is_refused_in_words(staff: Client, payment: Payment, number: str) -> None:
    page = sent(staff, payment, "40.00", number)
    assert "This form is incomplete." in page and 'value="40.00"' in page and "Hidden field" not in page
    assert not Refund.objects.exists()


def test_another_amount_in_a_used_form_is_not_refunded(staff: Client, payment: Payment) -> None:
    number = str(uuid7())
    assert "$10.00 refunded" in sent(staff, payment, "10.00", number)
    page = sent(staff, payment, "20.00", number)
    assert "already used for a refund of $10.00." in page and 'value="20.00"' in page
    assert f'href="/admin/shop/payment/{payment.pk}/refund/">Open a new one' in page
    assert "$10.00 refunded" not in page
    assert states(payment) == ("part_refunded", "part_refunded", 1000)


def test_a_form_of_another_payment_refunds_nothing(
    client: Client, staff: Client, payment: Payment, paypal: Standin
) -> None:
    number, other = str(uuid7()), buy(client, paypal)
    assert "$10.00 refunded" in sent(staff, other, "10.00", number)
    for amount in ("10.00", "20.00"):
        page = sent(staff, payment, amount, number)
        assert "already used for a refund of $10.00 of another payment" in page and f'value="{amount}"' in page
    assert states(payment) == ("paid", "paid", 0)
    assert Refund.objects.count() == 1


def test_after_180_days_paypal_refunds_no_more(staff: Client, payment: Payment, paypal: Standin) -> None:
    paypal.advance(181 * 86400)
    assert "only within 180 days" in press(staff, payment, "59.95")
    assert states(payment) == ("paid", "paid", 0)


def test_two_refunds_of_the_same_amount_are_told_apart(payment: Payment, paypal: Standin) -> None:
    paypal.fault("drop_after_commit", path_contains="/refund", times=10)
    with pytest.raises(ActionRefused):
        refund_payment(payment=payment, amount=usd("10.00"), actor=None)
    paypal.reset()
    paypal.act(payment.capture_id or "", "refund", amount="10.00")  # the same amount, made at PayPal's side
    reconcile_payment(payment=payment)
    finish_open_refunds()
    assert sorted(Refund.objects.values_list("source", "state")) == [("paypal", "completed"), ("staff", "completed")]
    assert states(payment) == ("part_refunded", "part_refunded", 2000)


def test_more_than_was_paid_is_shown_and_not_booked(payment: Payment) -> None:
    refund = Refund.objects.create(payment=payment, amount_minor=6000, currency="USD")
    apply_refund(refund=refund, remote=refund_of(payment, "60.00"))
    assert states(payment) == ("paid", "paid", 0)
    payment.refresh_from_db()
    assert "PayPal returned $60.00" in payment.problem


def test_another_amount_in_the_answer_is_shown_and_not_booked(payment: Payment, paypal: Standin) -> None:
    paypal.fault("wrong_amount", path_contains="/refund")
    refund_payment(payment=payment, amount=usd("20.00"), actor=None)
    assert states(payment) == ("paid", "paid", 0)
    reconcile_payment(payment=payment)  # the next comparison repairs it
    payment.refresh_from_db()
    assert (states(payment), payment.problem) == (("part_refunded", "part_refunded", 2000), "")


def test_a_refund_undone_at_paypal_gives_the_money_back_to_us(payment: Payment) -> None:
    refund = refund_payment(payment=payment, amount=usd("20.00"), actor=None)
    failed = replace(refund_of(payment, "20.00", number=refund.paypal_refund_id or ""), status=RefundStatus.FAILED)
    for _ in range(2):
        apply_refund(refund=refund, remote=failed)
    assert states(payment) == ("paid", "paid", 0)
    assert Refund.objects.get().state == "reverted"


def test_yen_have_no_decimals(client: Client, staff: Client, paypal: Standin, product: Product) -> None:
    Product.objects.update(price_minor=9000, currency="JPY")
    payment = buy(client, paypal)
    assert "At most 9,000 JPY" in staff.get(f"/admin/shop/payment/{payment.pk}/refund/").content.decode()
    assert "1,500 JPY refunded" in press(staff, payment, "1500")
    paypal.act(payment.capture_id or "", "refund", amount="500")
    reconcile_payment(payment=payment)
    assert states(payment) == ("part_refunded", "part_refunded", 2000)


@pytest.mark.parametrize(
    ("issue", "words"),
    [
        ("CAPTURE_FULLY_REFUNDED", "This payment was already fully refunded."),
        ("REFUND_AMOUNT_EXCEEDED", "exceeds what can still be refunded"),
        ("PENDING_CAPTURE", "is still pending at PayPal"),
        ("REFUND_TIME_LIMIT_EXCEEDED", "only within 180 days"),
        ("TRANSACTION_DISPUTED", "Respond to the dispute at PayPal"),
        ("REFUND_FAILED_INSUFFICIENT_FUNDS", "The PayPal balance is insufficient"),
        ("SOMETHING_NEW", "PayPal refused the refund."),
    ],
)
def test_a_refund_that_paypal_refuses_is_told_in_plain_words(
    staff: Client, payment: Payment, paypal: Standin, issue: str, words: str
) -> None:
    paypal.fault("issue", path_contains="/refund", issue=issue)
    page = press(staff, payment, "59.95")
    assert words in page
    assert issue in page
    assert Refund.objects.get().state == "failed"
    assert states(payment) == ("paid", "paid", 0)
    refund_payment(payment=payment, amount=usd("59.95"), actor=None)
    assert states(payment) == ("refunded", "refunded", 5995)


def test_the_same_refund_seen_again_is_booked_once(payment: Payment) -> None:
    refund = refund_payment(payment=payment, amount=usd("20.00"), actor=None)
    assert refund.paypal_refund_id is not None
    for _ in range(2):
        import_refund(paypal_refund_id=refund.paypal_refund_id)
    assert states(payment) == ("part_refunded", "part_refunded", 2000)
    assert Refund.objects.count() == 1


def test_a_refund_is_booked_for_a_buyer_who_opted_out_of_mail(payment: Payment) -> None:
    Suppression.objects.create(fingerprint="carol@example.org", channel=Channel.EMAIL)
    refund_payment(payment=payment, amount=usd("59.95"), actor=None)
    assert states(payment) == ("refunded", "refunded", 5995)
    assert Commission.objects.get().state == "reversed"


def test_unpaid_order_cannot_be_refunded(product: Product) -> None:
    unpaid = factories.payment(factories.order(product))
    with pytest.raises(ActionRefused, match="Only a captured payment"):
        refund_payment(payment=unpaid, amount=usd("1.00"), actor=None)
