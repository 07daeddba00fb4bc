"""An order whose discount leaves nothing to pay: delivered at once, without PayPal, and with nothing to refund."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest
from bs4 import BeautifulSoup
from django.core import mail
from django.test import Client
from django.utils import timezone

from affiliates.models import Affiliate, Commission
from affiliates.payouts.reconciliation import first_difference
from privacy.admin_base.refusals import ActionRefused
from shop.models import License, Order, Payment, Product
from shop.money import Money
from shop.payments.free_orders import settle_free_order
from shop.payments.refunds import refund_payment
from shop.reconciliation.reconcile import reconcile_payments
from shop.reconciliation.totals import totals
from tests import factories
from tests.shop.purchases import FORM

pytestmark = pytest.mark.usefixtures("product", "paypal_down")

CHECKOUT = "/checkout/bps-pro/"


@pytest.fixture
def free(client: Client, alice: Affiliate) -> Order:
    """Carol's, who typed a code for 100%, after a click on Alice's link."""
    factories.discount("GIFT", percent=Decimal(100))
    client.get("/go/DEMO/products/bps-pro/")
    client.post(CHECKOUT, {**FORM, "code": "GIFT", "price_seen": "$0.00"})
    return Order.objects.get()


def text_of(client: Client, path: str) -> str:
    return " ".join(BeautifulSoup(client.get(path).content, "html.parser").get_text(" ").split())


def test_free_order_is_paid_and_delivered_without_paypal(client: Client, free: Order, work: Callable[[], int]) -> None:
    payment = Payment.objects.get()
    assert (free.state, payment.state, payment.amount_minor, payment.capture_id) == ("paid", "paid", 0, None)
    assert License.objects.working().filter(order=free).exists()
    assert free.discount_uses.get().state == "used"
    page = text_of(client, free.get_absolute_url())
    assert "Thank you, your order is paid" in page
    assert "Paid nothing, because the discount covers the price" in page
    work()
    [receipt] = mail.outbox
    assert "There was nothing to pay" in str(receipt.body)


def test_checkout_of_a_free_order_says_that_there_is_nothing_to_pay(client: Client) -> None:
    factories.discount("GIFT", percent=Decimal(100))
    page = text_of(client, f"{CHECKOUT}?code=GIFT")
    assert "There is nothing to pay" in page and "Place the order" in page
    assert "Continue to PayPal" not in page


def test_receipt_of_a_free_order_says_nothing_of_paypal(client: Client, free: Order) -> None:
    page = text_of(client, f"{free.get_absolute_url()}receipt/")
    assert "Total paid $0.00" in page and "nothing to pay" in page
    assert "through PayPal" not in page


def test_nothing_of_a_free_order_can_be_refunded(client: Client, staff: Client, free: Order) -> None:
    payment = Payment.objects.get()
    with pytest.raises(ActionRefused, match="nothing was paid"):
        refund_payment(payment=payment, amount=Money(1, "USD"), actor=None)
    assert "Request a refund" not in text_of(client, free.get_absolute_url())
    client.post(f"{free.get_absolute_url()}refund/", {"reason": ""})
    assert not hasattr(Order.objects.get(), "refund_request")
    page = staff.get(f"/admin/shop/order/{free.pk}/change/").content.decode()
    assert "Kept" in page and "Refund…" not in page


def test_free_order_earns_a_commission_of_zero_and_all_books_agree(free: Order) -> None:
    commission = Commission.objects.get()
    assert (commission.base_minor, commission.amount_minor) == (0, 0)
    assert first_difference(paypal_since=None) == ""


def test_free_order_is_not_compared_with_paypal(free: Order) -> None:
    assert reconcile_payments(now=timezone.now()) == 0
    assert totals() == []


def test_order_with_an_amount_is_not_settled_without_paypal(client: Client) -> None:
    client.post(CHECKOUT, FORM)
    with pytest.raises(ValueError, match="through PayPal"):
        settle_free_order(order=Order.objects.get())
    assert Order.objects.get().state == "open"


def test_free_form_sent_twice_makes_one_order(client: Client) -> None:
    factories.discount("GIFT", percent=Decimal(100), max_uses=1)
    page = client.get(f"{CHECKOUT}?code=GIFT")
    form = {**FORM, "code": "GIFT", "price_seen": "$0.00", "csrfmiddlewaretoken": str(page.context["csrf_token"])}
    assert len({client.post(CHECKOUT, form).headers["Location"] for _ in range(2)}) == 1
    assert License.objects.count() == 1


@pytest.mark.parametrize("path", [CHECKOUT, "/products/bps-pro/"])
def test_nothing_is_said_of_paying_or_cards_where_nothing_is_paid(client: Client, product: Product, path: str) -> None:
    factories.release(product)
    factories.discount("GIFT", percent=Decimal(100))
    assert "PayPal handles the payment" in text_of(client, CHECKOUT)
    assert "Download as soon as PayPal confirms the payment" in text_of(client, "/products/bps-pro/")
    page = text_of(client, f"{path}?code=GIFT")
    assert "$0.00" in page
    for words in (
        "PayPal handles the payment",
        "card number",
        "PayPal confirms",
        "One payment",
        "You pay",
        "Pay with PayPal",
    ):
        assert words not in page
