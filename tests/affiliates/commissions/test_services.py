"""An affiliate earns on services only at a rate that is set for them, on each installment that is paid."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from affiliates.commissions.rates import set_rate
from affiliates.models import Affiliate, Attribution, Commission
from affiliates.portal.rates import rates_now
from shop.models import Order, Payment, Product
from shop.payments.capture_booking import apply_capture
from tests import factories
from tests.clients.quotes.offers import HALVES, accept, draft, orders_of, sent
from tests.shop.purchases import capture_of

pytestmark = pytest.mark.usefixtures("clock", "db")


@pytest.fixture
def services_rate(clock: object, db: None) -> None:
    """10% on services, for all affiliates."""
    set_rate(product=Product.objects.services(), percent=Decimal(10), actor=None)


def pay(order: Order) -> None:
    payment = factories.payment(order, state=Payment.State.CAPTURING, paypal_order_id=f"O-{order.pk}")
    apply_capture(payment=payment, capture=capture_of(payment, amount=str(order.total.amount)))


def test_services_earn_nothing_without_a_rate_of_their_own(client: Client, alice: Affiliate, bob: User) -> None:
    set_rate(affiliate=alice, percent=Decimal(40), actor=None)
    quote = sent(bob, HALVES)
    client.get("/go/DEMO/")
    accept(client, quote, code="DEMO")
    assert len(orders_of(quote)) == 2
    assert not Attribution.objects.exists()


@pytest.mark.usefixtures("services_rate")
def test_all_installments_are_attributed_alike_by_the_clients_browser(
    client: Client, alice: Affiliate, bob: User
) -> None:
    quote = sent(bob, HALVES)
    client.get("/go/DEMO/")
    accept(client, quote)
    found = Attribution.objects.filter(order__in=orders_of(quote))
    assert [(each.affiliate, each.route, each.rate_percent) for each in found] == [(alice, "cookie", Decimal(10))] * 2


@pytest.mark.usefixtures("services_rate")
def test_each_paid_installment_earns_its_commission_once(client: Client, alice: Affiliate, bob: User) -> None:
    quote = sent(bob, HALVES)
    accept(client, quote, code="demo")
    deposit, rest = orders_of(quote)
    pay(deposit)
    assert [str(each.total) for each in Commission.objects.all()] == ["$60.00"]
    pay(rest)
    assert [str(each.total) for each in Commission.objects.all()] == ["$60.00", "$60.00"]


@pytest.mark.usefixtures("services_rate")
def test_staffs_own_browser_attributes_no_letter(staff: Client, alice: Affiliate, bob: User) -> None:
    staff.get("/go/DEMO/")
    letter = {"name": "Carol", "signed_on": "2026-03-02"}
    first, second = sent(bob), sent(bob)
    staff.post(f"/admin/clients/quote/{first.pk}/accept/", {**letter, "code": ""})
    assert len(orders_of(first)) == 1
    assert not Attribution.objects.exists()
    staff.post(f"/admin/clients/quote/{second.pk}/accept/", {**letter, "code": "DEMO"})
    assert Attribution.objects.get().order == orders_of(second)[0]


def test_affiliates_see_the_rate_for_services_once_there_is_one(alice: Affiliate) -> None:
    services = Product.objects.services()
    assert not rates_now(alice, now=timezone.now())
    set_rate(product=services, percent=Decimal(10), actor=None)
    [shown] = rates_now(alice, now=timezone.now())
    assert (shown.product, shown.terms) == ("Services", "10%")


def test_rate_for_services_can_be_set_once_a_quote_is_drafted(staff: Client, bob: User) -> None:
    assert not Product.objects.exists()
    draft(bob)
    assert "Services" in staff.get(reverse("admin:affiliates_rate_add")).content.decode()


def test_staff_read_why_services_earned_nothing(staff: Client, bob: User, client: Client) -> None:
    quote = sent(bob)
    accept(client, quote)
    [order] = orders_of(quote)
    page = staff.get(reverse("affiliates:why_order"), {"reference": order.reference}, follow=True)
    assert "before a rate was set for services" in page.content.decode()
