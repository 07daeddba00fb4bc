"""Paying at the stand-in: what the buyer sees for each outcome."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
import time_machine
from django.core import mail
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from affiliates.models import Affiliate, Commission
from shop.models import Order, Payment
from shop.payments.settlement import settle, settle_open_payments
from shop.payments.start import start_payment
from tests.running_site import free_port
from tests.shop.purchases import FORM, approve, buy, place
from tests.standin_process import Standin

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("product")]

Work = Callable[[], int]


@pytest.fixture(autouse=True)
def no_request_sleeps(monkeypatch: pytest.MonkeyPatch) -> None:
    def sleep(seconds: float) -> None:
        raise AssertionError(f"a request sleeps for {seconds} seconds")

    monkeypatch.setattr("time.sleep", sleep)


def page_of(client: Client, payment: Payment) -> str:
    return client.get(payment.order.get_absolute_url()).content.decode()


def test_a_buyer_pays_and_gets_a_receipt(client: Client, paypal: Standin, alice: Affiliate, work: Work) -> None:
    client.get("/go/DEMO/")
    payment = buy(client, paypal)
    assert (payment.state, payment.order.state) == ("paid", "paid")
    assert "Thank you, your order is paid" in page_of(client, payment)
    work()
    assert [message.to for message in mail.outbox] == [["carol@example.org"]]
    assert Commission.objects.get().affiliate == alice


def test_the_form_leads_to_paypal(client: Client, paypal: Standin) -> None:
    response = client.post("/checkout/bps-pro/", FORM)
    assert response.status_code == 302
    assert response.headers["Location"].startswith(f"{paypal.url}/checkoutnow?token=")
    payment = Payment.objects.get()
    assert payment.state == "created"
    assert payment.paypal_order_id is not None
    assert payment.paypal_order_id in response.headers["Location"]


def test_paying_again_goes_to_the_same_paypal_order(client: Client, paypal: Standin) -> None:
    order = place(client)
    response = client.post(f"{order.get_absolute_url()}pay/")
    assert response.headers["Location"] == order.payments.get().approve_url


def test_coming_back_twice_books_once(client: Client, paypal: Standin, work: Work) -> None:
    payment = place(client).payments.get()
    back = approve(paypal, payment)
    for _ in range(3):
        assert client.get(back).headers["Location"] == payment.order.get_absolute_url()
    settle(payment=payment)
    work()
    assert len(mail.outbox) == 1


def test_coming_back_without_having_paid_charges_nothing(client: Client, paypal: Standin) -> None:
    payment = place(client).payments.get()
    client.get(f"/checkout/return/?token={payment.paypal_order_id}&PayerID=FORGED")
    payment.refresh_from_db()
    assert (payment.state, payment.capture_id) == ("created", None)
    assert "Your order is waiting for payment" in page_of(client, payment)


def test_a_buyer_who_cancels_can_pay_later(client: Client, paypal: Standin) -> None:
    payment = place(client).payments.get()
    back = approve(paypal, payment, choice="cancel")
    assert "You can pay now, or return" in client.get(back, follow=True).content.decode()
    client.get(approve(paypal, payment))
    assert "Thank you" in page_of(client, payment)


def test_a_declined_card_sends_the_buyer_back(client: Client, paypal: Standin) -> None:
    payment = place(client).payments.get()
    client.get(approve(paypal, payment, choice="decline"))
    payment.refresh_from_db()
    assert (payment.state, payment.approval) == ("created", 2)
    assert "Please choose another one at PayPal" in page_of(client, payment)
    client.get(approve(paypal, payment))
    assert "Thank you" in page_of(client, payment)


def test_a_refused_payment_can_be_tried_by_a_new_attempt(client: Client, paypal: Standin, alice: Affiliate) -> None:
    payment = place(client, code="DEMO").payments.get()
    paypal.fault("issue", path_contains="/capture", issue="TRANSACTION_REFUSED")
    client.get(approve(paypal, payment))
    payment.refresh_from_db()
    assert payment.state == "declined"
    assert "PayPal declined the payment, and nothing was charged" in page_of(client, payment)
    client.post(f"{payment.order.get_absolute_url()}pay/")
    second = Payment.objects.get(order=payment.order_id, attempt=2)
    assert second.paypal_order_id != payment.paypal_order_id
    client.get(approve(paypal, second))
    assert "Thank you" in page_of(client, payment)
    assert Commission.objects.get().affiliate == alice


def test_an_expired_payment_can_be_started_again(client: Client, paypal: Standin) -> None:
    payment = place(client).payments.get()
    paypal.advance(4 * 60 * 60)
    settle_open_payments(now=timezone.now())
    payment.refresh_from_db()
    assert payment.state == "expired"
    assert "The time to approve this payment at PayPal has expired" in page_of(client, payment)
    client.post(f"{payment.order.get_absolute_url()}pay/")
    assert Payment.objects.filter(order=payment.order_id, state="created").count() == 1


def test_a_pending_payment_completes_later(client: Client, paypal: Standin, work: Work) -> None:
    payment = place(client).payments.get()
    client.get(approve(paypal, payment, outcome="pending"))
    payment.refresh_from_db()
    assert payment.state == "pending"
    assert payment.capture_id is not None
    assert "PayPal is still checking your payment" in page_of(client, payment)
    paypal.act(payment.capture_id, "complete")
    settle_open_payments(now=timezone.now())
    assert "Thank you" in page_of(client, payment)
    work()
    assert len(mail.outbox) == 1


def test_a_browser_that_never_comes_back_is_no_lost_order(client: Client, paypal: Standin) -> None:
    payment = place(client).payments.get()
    approve(paypal, payment)
    settle_open_payments(now=timezone.now())
    assert "Thank you" in page_of(client, payment)


@pytest.mark.parametrize("kind", ["wrong_amount", "wrong_currency", "wrong_custom_id"])
def test_a_capture_that_is_not_ours_is_noted_and_not_booked(client: Client, paypal: Standin, kind: str) -> None:
    payment = place(client).payments.get()
    back = approve(paypal, payment)
    paypal.fault(kind, path_contains="/capture")
    assert client.get(back).status_code == 302
    payment.refresh_from_db()
    assert payment.state == "capturing"
    assert "PayPal collected" in payment.problem
    assert Order.objects.get().state == "open"
    assert "Please don&#x27;t pay again" in page_of(client, payment) or "don't pay again" in page_of(client, payment)


@pytest.mark.parametrize("kind", ["wrong_amount", "wrong_currency", "wrong_custom_id"])
def test_approved_amount_is_compared_before_the_capture(client: Client, paypal: Standin, kind: str) -> None:
    payment = place(client).payments.get()
    back = approve(paypal, payment)
    paypal.fault(kind, path_contains=f"/orders/{payment.paypal_order_id}")
    assert client.get(back).status_code == 302
    payment.refresh_from_db()
    assert (payment.state, payment.capture_id) == ("created", None)
    assert "At PayPal the buyer approved" in payment.problem
    settle_open_payments(now=timezone.now())  # then PayPal answers correctly
    payment.refresh_from_db()
    assert (payment.state, payment.problem) == ("paid", "")


def test_second_click_leads_to_a_page_that_refreshes_until_the_first_has_started_the_payment(
    client: Client, paypal: Standin
) -> None:
    paypal.fault("issue", path_contains="/v2/checkout/orders", issue="PREVIOUS_REQUEST_IN_PROGRESS", times=1)
    page = client.post("/checkout/bps-pro/", FORM).headers["Location"]
    response = client.get(page)
    assert "Starting your payment" in response.content.decode()
    assert response.headers["Refresh"] == "1"
    started = start_payment(order=Order.objects.get())  # by the first click
    response = client.get(page)
    assert (response.status_code, response.headers["Location"]) == (302, started)
    client.get(approve(paypal, Payment.objects.get()))
    assert "Thank you" in client.get(page).content.decode()


def test_payment_whose_first_click_died_is_started_by_the_button_that_comes_back(
    client: Client, paypal: Standin
) -> None:
    paypal.fault("issue", path_contains="/v2/checkout/orders", issue="PREVIOUS_REQUEST_IN_PROGRESS", times=1)
    page = client.post("/checkout/bps-pro/", FORM).headers["Location"]
    with time_machine.travel(timezone.now() + timedelta(seconds=31)):
        response = client.get(page)
    assert "Refresh" not in response.headers
    assert "Your order is waiting for payment" in response.content.decode()
    assert client.post(f"{urlsplit(page).path}pay/").headers["Location"] == Payment.objects.get().approve_url


@pytest.mark.parametrize("since", ["", "soon", "-5", "9" * 40, "1"])
def test_forged_time_of_starting_shows_the_order_as_it_is(client: Client, paypal: Standin, since: str) -> None:
    order = place(client)
    assert (
        "Your order is waiting for payment"
        in client.get(f"{order.get_absolute_url()}?starting={since}").content.decode()
    )


def test_tampered_approve_url_is_not_followed_by_the_page_either(client: Client, paypal: Standin) -> None:
    paypal.fault("issue", path_contains="/v2/checkout/orders", issue="PREVIOUS_REQUEST_IN_PROGRESS", times=1)
    page = client.post("/checkout/bps-pro/", FORM).headers["Location"]
    Payment.objects.update(approve_url="https://evil.example/checkoutnow")
    assert client.get(page).status_code == 200
    assert "approve URL" in Payment.objects.get().problem


def test_an_invoice_that_paypal_calls_paid_is_a_case_for_staff(client: Client, paypal: Standin) -> None:
    paypal.fault("issue", path_contains="/v2/checkout/orders", issue="DUPLICATE_INVOICE_ID")
    assert client.post("/checkout/bps-pro/", FORM).status_code == 503
    assert Payment.objects.get().problem == "PayPal says that the invoice of this payment is already paid"


@pytest.mark.parametrize("kind", ["status_500_after_commit", "garbage", "drop_after_commit"])
def test_a_capture_whose_answer_was_lost_is_found(client: Client, paypal: Standin, kind: str, work: Work) -> None:
    payment = place(client).payments.get()
    back = approve(paypal, payment)
    paypal.fault(kind, path_contains="/capture")
    assert client.get(back).status_code == 302
    settle_open_payments(now=timezone.now())
    assert "Thank you" in page_of(client, payment)
    work()
    assert len(mail.outbox) == 1


def test_the_page_answers_while_paypal_does_not(client: Client, paypal: Standin, settings: Settings) -> None:
    payment = place(client).payments.get()
    back = approve(paypal, payment)
    settings.PAYPAL_BASE_URL = f"http://127.0.0.1:{free_port()}"
    response = client.get(back, follow=True)
    assert response.status_code == 200
    assert "We're checking your payment with PayPal" in response.content.decode()
    assert "Pay $59.95" not in response.content.decode()
    settings.PAYPAL_BASE_URL = paypal.url
    settle_open_payments(now=timezone.now())
    assert "Thank you" in page_of(client, payment)


def test_without_paypal_the_order_is_kept_and_can_be_paid_later(
    client: Client, paypal: Standin, settings: Settings, alice: Affiliate
) -> None:
    settings.PAYPAL_BASE_URL = f"http://127.0.0.1:{free_port()}"
    client.get("/go/DEMO/")
    response = client.post("/checkout/bps-pro/", FORM)
    order = Order.objects.get()
    assert response.status_code == 503
    page = response.content.decode()
    assert "PayPal is temporarily unavailable" in page
    assert f'action="{order.get_absolute_url()}pay/"' in page
    assert client.post(f"{order.get_absolute_url()}pay/").status_code == 503
    settings.PAYPAL_BASE_URL = paypal.url
    assert client.post(f"{order.get_absolute_url()}pay/").status_code == 302
    client.get(approve(paypal, order.payments.get()))
    assert "Thank you" in page_of(client, order.payments.get())
    assert Commission.objects.get().affiliate == alice


def test_a_paypal_that_is_slow_or_broken_is_a_plain_message(client: Client, paypal: Standin) -> None:
    paypal.fault("status_503", path_contains="/v2/checkout/orders", times=10)
    response = client.post("/checkout/bps-pro/", FORM)
    assert response.status_code == 503
    assert "Your order is saved, and nothing was charged" in response.content.decode()


def test_starting_twice_under_one_key_makes_one_paypal_order(client: Client, paypal: Standin) -> None:
    paypal.fault("drop_after_commit", path_contains="/v2/checkout/orders", times=3)
    order = place(client)
    addresses = {start_payment(order=order) for _ in range(2)}
    assert len(addresses) == 1
    assert order.payments.count() == 1


def test_an_order_whose_capture_was_refused_can_be_paid_again(client: Client, paypal: Standin) -> None:
    payment = place(client).payments.get()
    client.get(approve(paypal, payment, outcome="refused"))
    payment.refresh_from_db()
    assert (payment.state, Order.objects.get().state) == ("declined", "open")
    assert client.post(f"{payment.order.get_absolute_url()}pay/").status_code == 302
    assert Payment.objects.filter(order=payment.order_id, attempt=2, state="created").exists()
