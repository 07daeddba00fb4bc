"""The same checkout form, sent again by a second click, a reload, another tab or the back button, is one order."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from bs4 import BeautifulSoup
from django.db import connections
from django.test import Client

from privacy.audit.models import AuditEntry
from shop.models import Order, Payment, Product
from tests.shop.purchases import FORM, paypal_address
from tests.standin_process import Standin

CHECKOUT = "/checkout/bps-pro/"


def form_token(client: Client) -> str:
    field = BeautifulSoup(client.get(CHECKOUT).content, "html.parser").find("input", {"name": "csrfmiddlewaretoken"})
    assert field is not None
    assert field["type"] == "hidden"
    return str(field["value"])


def filled(client: Client) -> dict[str, str]:
    return {**FORM, "csrfmiddlewaretoken": form_token(client)}


@pytest.mark.usefixtures("product")
def test_a_second_click_leads_to_the_same_payment(client: Client, paypal: Standin) -> None:
    form = filled(client)
    first, second = (client.post(CHECKOUT, form) for _ in range(2))
    assert first.status_code == 302
    assert first.headers["Location"] == second.headers["Location"]
    assert Order.objects.count() == Payment.objects.count() == 1
    assert AuditEntry.objects.filter(action="shop.order.placed").count() == 1


@pytest.mark.usefixtures("product", "paypal_down")
def test_a_reload_after_paying_leads_to_the_order(client: Client) -> None:
    form = filled(client)
    client.post(CHECKOUT, form)
    Order.objects.update(state=Order.State.PAID)
    response = client.post(CHECKOUT, form)
    assert response.status_code == 302
    assert response.headers["Location"] == Order.objects.get().get_absolute_url()


@pytest.mark.usefixtures("product", "paypal_down")
def test_the_back_button_and_a_corrected_address_make_another_order(client: Client) -> None:
    form = filled(client)
    client.post(CHECKOUT, {**form, "email": "carlo@example.org"})
    client.post(CHECKOUT, form)
    assert sorted(str(order.email) for order in Order.objects.all()) == ["carlo@example.org", "carol@example.org"]


@pytest.mark.usefixtures("product", "paypal_down")
def test_a_form_shown_anew_is_another_order(client: Client) -> None:
    tokens = [form_token(client) for _ in range(2)]
    assert tokens[0] != tokens[1]
    for token in tokens:
        client.post(CHECKOUT, {**FORM, "csrfmiddlewaretoken": token})
    assert Order.objects.count() == 2


@pytest.mark.usefixtures("product", "paypal_down")
def test_an_order_without_a_form_key_is_placed_each_time(client: Client) -> None:
    assert [client.post(CHECKOUT, FORM).status_code for _ in range(2)] == [503, 503]  # placed; PayPal is down
    assert Order.objects.count() == 2


@pytest.mark.usefixtures("product", "paypal_down")
def test_the_stored_digest_is_not_the_forms_token(client: Client) -> None:
    form = filled(client)
    client.post(CHECKOUT, form)
    digest = Order.objects.get().checkout_digest
    assert digest is not None
    assert len(digest) == 64
    assert form["csrfmiddlewaretoken"] not in digest


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("product", "paypal_down")
def test_clicks_at_once_make_one_order() -> None:
    form = filled(Client())

    def click(_: int) -> int:
        try:
            return Client().post(CHECKOUT, form).status_code
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as clicks:
        assert set(clicks.map(click, range(4))) == {503}  # each the order's page; PayPal is down
    assert Order.objects.count() == Payment.objects.count() == 1
    assert Product.objects.get().orders.count() == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("product")
def test_clicks_at_once_lead_to_one_payment(paypal: Standin) -> None:
    form = filled(Client())

    def click(_: int) -> str:
        try:
            client = Client()
            return paypal_address(client.post(CHECKOUT, form).headers["Location"], client.get)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as clicks:
        places = set(clicks.map(click, range(4)))
    payment = Payment.objects.get()
    assert payment.approve_url.startswith(paypal.url)
    assert places == {payment.approve_url}
    assert Order.objects.count() == 1
