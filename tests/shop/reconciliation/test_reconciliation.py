"""Reconciliation: mismatches are found, shown amount by amount, and cleared once they are resolved."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from bs4 import BeautifulSoup
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import Settings

from accounts.models import User
from privacy.audit.models import AuditEntry
from privacy.encryption.models import uuid7
from shop.models import Dispute, Payment, PayPalEvent, PayPalSnapshot, Product, Refund
from shop.money import Money
from shop.payments.chargebacks import handle_reversal
from shop.payments.refunds import refund_payment
from shop.reconciliation import reconcile
from shop.reconciliation.reconcile import (
    PayPalTotals,
    describe_mismatch,
    reconcile_now,
    reconcile_payment,
    reconcile_payments,
)
from tests import factories
from tests.cast import signed_in
from tests.running_site import free_port
from tests.shop.purchases import approve, buy, place
from tests.standin_process import Standin

pytestmark = pytest.mark.usefixtures("product")

Work = Callable[[], int]
PAGE = "/admin/shop/payment/reconciliation/"


@pytest.fixture
def payment(client: Client, paypal: Standin) -> Payment:
    return buy(client, paypal)


def page_of(staff: Client) -> str:
    response = staff.get(PAGE)
    assert response.status_code == 200
    return " ".join(BeautifulSoup(response.content, "html.parser").get_text(" ").split())


def press(staff: Client) -> str:
    page = staff.post(f"{PAGE}look/", follow=True)
    return " ".join(BeautifulSoup(page.content, "html.parser").get_text(" ").split())


@pytest.mark.django_db
def test_with_nothing_sold_it_says_what_will_stand_there(staff: Client) -> None:
    page = page_of(staff)
    assert "No payments yet" in page
    assert "every compared payment matches PayPal" in page
    assert "No payment is disputed" in page
    assert "all webhook events were processed" in page
    assert "No payment could be compared just now" in press(staff)


@pytest.mark.slow
def test_matching_payment_is_counted_and_not_listed(staff: Client, payment: Payment) -> None:
    assert "1 payment not compared yet" in page_of(staff)
    assert "Compared 1 payment with PayPal" in press(staff)
    page = page_of(staff)
    assert "1 compared payment matches PayPal" in page
    assert "Collected $59.95 $59.95 $59.95" in page
    assert not Payment.objects.exclude(problem="").exists()


@pytest.mark.slow
def test_another_amount_at_paypal_is_listed_and_clears_when_it_agrees(
    staff: Client, payment: Payment, paypal: Standin
) -> None:
    paypal.fault("wrong_amount", path_contains="/v2/checkout/orders")
    press(staff)
    page = page_of(staff)
    assert "PayPal collected $60.95; here it is $59.95" in page
    assert "our records and PayPal differ" in page
    assert AuditEntry.objects.filter(action="shop.payment.differs").count() == 1
    press(staff)
    assert "PayPal collected" not in page_of(staff)
    assert AuditEntry.objects.filter(action="shop.payment.agrees").count() == 1


@pytest.mark.slow
def test_a_capture_of_another_amount_is_never_booked_and_shown(client: Client, staff: Client, paypal: Standin) -> None:
    payment = place(client).payments.get()
    paypal.fault("wrong_amount", path_contains="/capture")
    client.get(approve(paypal, payment))
    payment.refresh_from_db()
    assert not payment.is_received
    page = page_of(staff)
    assert "PayPal collected $60.95 instead of $59.95" in page
    assert "nothing (capturing)" in page
    press(staff)  # the response was wrong: the next comparison records the right amount
    payment.refresh_from_db()
    assert (payment.state, payment.problem) == ("paid", "")


@pytest.mark.slow
def test_refund_without_an_event_is_found(payment: Payment, paypal: Standin) -> None:
    paypal.act(payment.capture_id or "", "refund", amount="20.00")
    assert reconcile_payments(now=timezone.now()) == 1
    payment.refresh_from_db()
    assert (payment.refunded_minor, payment.problem) == (2000, "")
    assert PayPalSnapshot.objects.get().returned_minor == 2000
    assert Refund.objects.get().source == "paypal"


@pytest.mark.slow
def test_a_reversal_without_a_message_is_booked_once_weeks_later(
    staff: Client, payment: Payment, paypal: Standin
) -> None:
    assert reconcile_payments(now=timezone.now()) == 1
    paypal.act(payment.capture_id or "", "reverse")
    later = timezone.now() + timedelta(days=40)
    for hours in (0, 25, 50):
        assert reconcile_payments(now=later + timedelta(hours=hours)) == 1
    payment.refresh_from_db()
    assert (payment.state, payment.refunded_minor, payment.problem) == ("refunded", 5995, "")
    refund = Refund.objects.get()
    handle_reversal(resource_id=refund.paypal_refund_id or "", capture_id=payment.capture_id or "")  # the late message
    assert Refund.objects.get().amount_minor == 5995
    assert AuditEntry.objects.filter(action="shop.refund.completed").count() == 1
    assert "$59.95" in staff.get(f"/admin/shop/order/{payment.order_id}/change/").content.decode()


@pytest.mark.slow
def test_a_dispute_without_a_message_is_found_and_so_is_what_it_took(payment: Payment, paypal: Standin) -> None:
    paypal.act(payment.capture_id or "", "dispute")
    reconcile_payment(payment=payment)
    payment.refresh_from_db()
    assert (payment.is_disputed, Dispute.objects.get().is_open) == (True, True)
    paypal.act(payment.capture_id or "", "resolve", outcome="RESOLVED_BUYER_FAVOUR")
    for _ in range(2):
        reconcile_payment(payment=Payment.objects.get())
    payment.refresh_from_db()
    assert (payment.is_disputed, payment.state, payment.problem) == (False, "refunded", "")
    assert Refund.objects.get().source == "chargeback"
    assert AuditEntry.objects.filter(action__startswith="shop.dispute.").count() == 2


@pytest.mark.slow
def test_without_the_right_to_read_disputes_the_rest_is_compared(payment: Payment, paypal: Standin) -> None:
    paypal.act(payment.capture_id or "", "refund", amount="20.00")
    paypal.fault("issue", path_contains="/v1/customer/disputes", issue="NOT_AUTHORIZED")
    reconcile_payment(payment=payment)
    payment.refresh_from_db()
    assert (payment.refunded_minor, payment.problem) == (2000, "")


def test_a_part_that_paypal_returned_without_saying_how_much_is_listed(product: Product) -> None:
    payment = factories.payment(factories.order(product), state="paid", capture_id="C1")
    seen = PayPalTotals(payment.total, Money(0, "USD"), "PARTIALLY_REFUNDED", "C1")
    assert describe_mismatch(payment, seen) == "PayPal returned a part and doesn't say how much; here it is nothing"


@pytest.mark.slow
def test_refund_after_the_last_comparison_is_no_mismatch(staff: Client, payment: Payment, paypal: Standin) -> None:
    press(staff)
    assert "1 compared payment matches PayPal" in page_of(staff)
    refund = {"amount": "20.00", "number": str(uuid7()), "stated": "$20.00"}
    staff.post(f"/admin/shop/payment/{payment.pk}/refund/", refund)
    payment.refresh_from_db()
    assert payment.refunded_minor == 2000
    page = page_of(staff)
    assert "differ." not in page
    assert "1 payment not compared yet, or not since the last change" in page
    press(staff)
    page = page_of(staff)
    assert "1 compared payment matches PayPal" in page
    assert "$20.00 refunded, $0.00 charged back $20.00 $20.00" in page


@pytest.mark.slow
def test_refund_recorded_while_paypal_answers_is_no_mismatch(
    payment: Payment, paypal: Standin, bob: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask = reconcile._fetch_remote

    def refund_meanwhile(asked: Payment) -> object:
        answer = ask(asked)
        refund_payment(payment=asked, amount=Money(2000, "USD"), actor=bob)
        return answer

    with monkeypatch.context() as patch:
        patch.setattr(reconcile, "_fetch_remote", refund_meanwhile)
        reconcile_payment(payment=payment)
    payment.refresh_from_db()
    assert (payment.refunded_minor, payment.problem) == (2000, "")
    assert not PayPalSnapshot.objects.current().exists()
    assert reconcile_payments(now=timezone.now() + timedelta(hours=2)) == 1
    assert PayPalSnapshot.objects.current().get().returned_minor == 2000


@pytest.mark.slow
def test_a_refund_here_that_paypal_does_not_know_is_listed(payment: Payment, paypal: Standin) -> None:
    Payment.objects.filter(pk=payment.pk).update(refunded_minor=1000, state="part_refunded")
    payment.refresh_from_db()
    reconcile_payment(payment=payment)
    payment.refresh_from_db()
    assert payment.problem == "PayPal returned $0.00; here it is $10.00"


@pytest.mark.slow
def test_a_payment_that_paypal_does_not_know_is_listed_and_not_asked_for_every_minute(
    product: Product, paypal: Standin
) -> None:
    fields = {"state": "paid", "paypal_order_id": "5O190127TN364715T", "capture_id": "3C679366HH908993F"}
    factories.payment(factories.order(product), **fields)
    assert reconcile_payments(now=timezone.now()) == 1
    assert Payment.objects.get().problem == "PayPal collected $0.00; here it is $59.95"
    assert reconcile_payments(now=timezone.now()) == 0


@pytest.mark.slow
def test_an_order_that_paypal_forgot_is_compared_by_its_capture(payment: Payment, paypal: Standin) -> None:
    paypal.act(payment.capture_id or "", "refund", amount="20.00")
    reconcile_payment(payment=payment)
    Payment.objects.update(paypal_order_id="5O190127TN364715T")
    look = reconcile_payment(payment=Payment.objects.get())
    assert (look.captured_minor, look.returned_minor, Payment.objects.get().problem) == (5995, 2000, "")


@pytest.mark.slow
def test_each_is_looked_at_once_a_day_and_hourly_while_it_differs(payment: Payment) -> None:
    now = timezone.now()
    assert reconcile_payments(now=now) == 1
    assert reconcile_payments(now=now + timedelta(hours=2)) == 0
    assert reconcile_payments(now=now + timedelta(hours=25)) == 1
    Payment.objects.update(problem="PayPal collected $1.00; here it is $59.95")
    assert reconcile_payments(now=timezone.now() + timedelta(minutes=30)) == 0
    assert reconcile_payments(now=timezone.now() + timedelta(hours=2)) == 1


@pytest.mark.slow
def test_without_paypal_the_button_says_so(staff: Client, payment: Payment, settings: Settings) -> None:
    settings.PAYPAL_BASE_URL = f"http://127.0.0.1:{free_port()}"
    assert "No payment could be compared just now" in press(staff)
    assert reconcile_now() == 0


def unused(product: Product, **fields: object) -> PayPalEvent:
    return factories.paypal_event(None, resource_id="R99", attempts=3, **fields)


def test_reconciliation_page_lists_unfinished_requests(staff: Client, product: Product) -> None:
    payment = factories.payment(factories.order(product), state="paid", capture_id="C1")
    long_ago = timezone.now() - timedelta(hours=1)
    for number in range(2):
        Refund.objects.create(payment=payment, amount_minor=100 + number, currency="USD", created_at=long_ago)
    Refund.objects.create(payment=payment, amount_minor=300, currency="USD")  # a moment ago: nothing to worry about
    factories.dispute(payment, paypal_id="PP-D-7")
    unused(product)
    page = page_of(staff)
    assert "$1.00 unknown: PayPal did not answer" in page
    assert "$3.00" not in page
    assert "PP-D-7" in page
    assert "R99" in page
    assert "Dismiss" not in page


def test_failed_event_is_dismissed_once(staff: Client, product: Product) -> None:
    event = unused(product, received_at=timezone.now() - timedelta(days=4))
    page = staff.get(PAGE).content.decode()
    assert "Dismiss" in page
    for _ in range(2):
        staff.post(f"{PAGE}set-aside/{event.pk}/")
    event.refresh_from_db()
    assert event.handled_at is not None
    assert AuditEntry.objects.filter(action="shop.event.dismissed").count() == 1
    assert "all webhook events were processed" in page_of(staff)


def test_read_only_staff_see_no_buttons(product: Product, vera: User) -> None:
    event = unused(product, received_at=timezone.now() - timedelta(days=4))
    victor = factories.user("vic@example.com", is_staff=True)
    vera.user_permissions.add(Permission.objects.get(codename="view_payment"))
    reader, stranger = Client(), Client()
    reader.force_login(vera)
    stranger.force_login(victor)
    page = reader.get(PAGE).content.decode()
    assert "Webhook events" in page
    assert "Compare again now" not in page
    assert reader.post(f"{PAGE}look/").status_code == 403
    assert reader.post(f"{PAGE}set-aside/{event.pk}/").status_code == 403
    assert stranger.get(PAGE).status_code == 403
    assert Client().get(PAGE).status_code == 302


@pytest.mark.django_db
def test_payment_that_was_never_compared_does_not_differ(staff: Client, product: Product) -> None:
    factories.payment(factories.order(product), state="paid", problem="PayPal refused the capture")
    page = page_of(staff)
    assert "None: every compared payment matches PayPal." in page
    assert "Problems that are not compared yet" in page
    assert "PayPal refused the capture" in page
    assert "our records and PayPal differ" not in page


def test_the_first_page_of_the_admin_counts_what_differs(staff: Client, product: Product) -> None:
    assert "payment differs from PayPal</a>" not in staff.get("/admin/").content.decode()
    payment = factories.payment(factories.order(product), state="paid", problem="It differs")
    uncompared = " ".join(staff.get("/admin/").content.decode().split())
    assert "<strong>1</strong> payment with a problem, not compared with PayPal yet</a>" in uncompared
    assert "payment differs from PayPal</a>" not in uncompared
    seen = {"captured_minor": 0, "returned_minor": 0, "currency": "USD", "status": "nothing"}
    PayPalSnapshot.objects.create(payment=payment, checked_at=timezone.now(), **seen)
    compared = " ".join(staff.get("/admin/").content.decode().split())
    assert "<strong>1</strong> payment differs from PayPal</a>" in compared
    assert "not compared with PayPal yet</a>" not in compared
    victor = factories.user("vic@example.com", is_staff=True)
    stranger = signed_in(victor)
    assert "payment differs from PayPal</a>" not in stranger.get("/admin/").content.decode()


@pytest.mark.django_db
def test_the_button_is_pressed_not_followed(staff: Client) -> None:
    assert staff.get(f"{PAGE}look/").status_code == 405


def test_the_page_costs_the_same_with_more_rows(staff: Client, product: Product) -> None:
    def grow() -> None:
        for _ in range(3):
            payment = factories.payment(factories.order(product), state="paid", problem="It differs")
            Refund.objects.create(payment=payment, amount_minor=100, currency="USD", state="pending")
            factories.dispute(payment)
            unused(product)

    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            page_of(staff)
        return len(queries)

    grow()
    cost()
    before = cost()
    grow()
    assert Dispute.objects.count() == 6
    assert cost() == before
