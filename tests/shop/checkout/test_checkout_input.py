"""What people and programs type into the checkout: any name there is, nothing that steers a screen, and no more than
the product needs."""

from __future__ import annotations

import pytest
from bs4 import BeautifulSoup
from django.core import mail
from django.db import connection
from django.test import Client
from pytest_django import DjangoAssertNumQueries, Settings

from shop.models import Order, Product
from shop.payments.capture_booking import apply_capture
from tests import factories
from tests.shop.purchases import FORM as CAROL
from tests.shop.purchases import capture_of
from tests.worker import run_due_tasks

pytestmark = pytest.mark.usefixtures("product", "paypal_down")

CHECKOUT = "/checkout/bps-pro/"
ADDRESS = "Calle Mayor 1\n28013 Madrid\nSpain"


@pytest.fixture
def service(product: Product) -> Product:
    """A set-up service: it may call, and it sends a letter."""
    return factories.product(slug="set-up", name="Set-up", asks_phone=True, asks_address=True, issues_license=False)


def value_of(page: str, name: str) -> str:
    field = BeautifulSoup(page, "html.parser").find(["input", "textarea"], {"name": name})
    assert field is not None
    return field.get_text().removeprefix("\n") if field.name == "textarea" else str(field.get("value", ""))


@pytest.mark.parametrize(
    "name",
    ["José Ñúñez-O'Brien", "عائشة بنت محمد", "שרה לוי", "山田太郎", "Zoë 👩‍💻", "می‌خواهم", '"Bobby" <tables>; --', "X"],
)
def test_any_name_is_taken_and_kept_whole(client: Client, name: str) -> None:
    assert client.post(CHECKOUT, {**CAROL, "name": name}).status_code == 503  # placed; PayPal is down
    assert Order.objects.get().name == name


@pytest.mark.parametrize(
    "name",
    [
        "Carol\r\nBcc: all@example.org",
        "Carol\x1b[2J",
        "Carol\u202egnp.exe",
        "Carol\u2066x",
        "Carol\x7f",
    ],
)
def test_a_name_that_steers_a_screen_is_refused_and_kept(client: Client, name: str) -> None:
    response = client.post(CHECKOUT, {**CAROL, "name": name})
    page = response.content.decode()
    assert response.status_code == 200
    assert "Please remove characters that reverse" in page or "without control characters" in page
    assert value_of(page, "email") == "carol@example.org"
    assert value_of(page, "name").startswith("Carol")
    assert not Order.objects.exists()


@pytest.mark.parametrize("field", ["name", "email", "code"])
def test_ten_kilobytes_are_refused_in_words(client: Client, field: str) -> None:
    typed = "é" * 5000
    response = client.post(CHECKOUT, {**CAROL, field: typed})
    page = response.content.decode()
    assert response.status_code == 200
    assert "Please check the form" in page
    assert value_of(page, field) == typed
    assert not Order.objects.exists()


@pytest.mark.parametrize("email", ["carol@example.org\r\nBcc: all@example.org", "carol@example.org,dave@example.org"])
def test_email_field_accepts_one_address_only(client: Client, email: str) -> None:
    assert "Enter a valid email address" in client.post(CHECKOUT, {**CAROL, "email": email}).content.decode()
    assert not Order.objects.exists()


@pytest.mark.usefixtures("clock")
@pytest.mark.parametrize(
    ("limit", "slots", "wait"), [("ORDER_LIMIT_PER_NETWORK", 2, 3600), ("ORDER_LIMIT_PER_ADDRESS", 2, 12 * 3600)]
)
def test_orders_above_the_limit_are_refused_and_input_kept(
    client: Client, settings: Settings, limit: str, slots: int, wait: int
) -> None:
    setattr(settings, limit, slots)
    assert [client.post(CHECKOUT, CAROL).status_code for _ in range(2)] == [503, 503]  # placed; PayPal is down
    answer = client.post(CHECKOUT, {**CAROL, "email": "CAROL@example.org"})
    assert answer.status_code == 429
    assert int(answer["Retry-After"]) == wait
    assert "No order was placed" in answer.content.decode()
    assert value_of(answer.content.decode(), "email") == "CAROL@example.org"
    assert Order.objects.count() == 2


def test_one_network_does_not_use_up_the_orders_of_an_address(client: Client, settings: Settings) -> None:
    settings.ORDER_LIMIT_PER_ADDRESS = 2
    strangers = [client.post(CHECKOUT, CAROL, REMOTE_ADDR="203.0.113.7").status_code for _ in range(4)]
    assert strangers == [503, 503, 429, 429]
    assert client.post(CHECKOUT, CAROL).status_code == 503  # placed; PayPal is down
    assert Order.objects.count() == 3


def test_repeated_form_leads_to_its_order_above_the_limit(client: Client, settings: Settings) -> None:
    settings.ORDER_LIMIT_PER_NETWORK = 1
    form = {**CAROL, "csrfmiddlewaretoken": value_of(client.get(CHECKOUT).content.decode(), "csrfmiddlewaretoken")}
    assert form["csrfmiddlewaretoken"]
    assert [client.post(CHECKOUT, form).status_code for _ in range(3)] == [503, 503, 503]  # placed; PayPal is down
    assert client.post(CHECKOUT, {**form, "email": "dave@example.org"}).status_code == 429
    assert Order.objects.count() == 1


def test_a_receipt_names_product_and_sum_and_nothing_that_was_typed(client: Client, product: Product) -> None:
    """The payer may not own the email address they entered."""
    client.post(CHECKOUT, {**CAROL, "name": "Win-now-at-evil.example"})
    payment = Order.objects.get().payments.get()
    apply_capture(payment=payment, capture=capture_of(payment))
    run_due_tasks()
    receipt = str(mail.outbox[0].message())
    assert "BPS Pro" in receipt
    assert "59.95" in receipt
    assert "evil.example" not in receipt


def test_a_product_that_needs_no_more_asks_no_more(client: Client) -> None:
    page = client.get(CHECKOUT).content.decode()
    assert 'name="name"' in page
    assert 'name="phone"' not in page
    assert 'name="address"' not in page


def test_fields_a_product_does_not_ask_for_are_not_stored(client: Client) -> None:
    client.post(CHECKOUT, {**CAROL, "phone": "+1 805 555 0123", "address": ADDRESS})
    order = Order.objects.get()
    assert (order.phone, order.phone_index, order.address) == (None, None, None)


def test_a_product_that_needs_them_asks_and_says_what_for(client: Client, service: Product) -> None:
    page = client.get("/checkout/set-up/").content.decode()
    assert "Only if we may call you about this order. We don't use it for anything else." in page
    assert "Only if part of this order must be delivered there. We don't use it for anything else." in page


def test_phone_and_address_are_stored_normalized_and_sealed(client: Client, service: Product) -> None:
    client.post("/checkout/set-up/", {**CAROL, "phone": "(805) 555-0123", "address": ADDRESS.replace("\n", "\r\n")})
    order = Order.objects.get()
    assert (order.phone, order.address) == ("+18055550123", ADDRESS)
    assert Order.objects.filter(phone_index="805 555 0123").exists()
    with connection.cursor() as cursor:
        cursor.execute("SELECT phone, address, phone_index FROM shop_order")
        stored = [bytes(value) for value in cursor.fetchone()]
    assert not [value for value in stored if b"555" in value or b"Madrid" in value]


def test_phone_and_address_are_optional(client: Client, service: Product) -> None:
    client.post("/checkout/set-up/", {**CAROL, "phone": "", "address": ""})
    assert (Order.objects.get().phone, Order.objects.get().address) == ("", "")


@pytest.mark.parametrize("phone", ["030 12345", "hello", "+999 1234567", "12", "+49", "1" * 40])
def test_a_number_without_its_country_is_told_what_is_missing(client: Client, service: Product, phone: str) -> None:
    page = client.post("/checkout/set-up/", {**CAROL, "phone": phone, "address": ADDRESS}).content.decode()
    assert "also needs a country code, such as +49 30 901820" in page
    assert value_of(page, "phone") == phone
    assert value_of(page, "address") == ADDRESS
    assert not Order.objects.exists()


def test_an_address_has_lines_and_nothing_that_steers_a_screen(client: Client, service: Product) -> None:
    page = client.post("/checkout/set-up/", {**CAROL, "phone": "", "address": "Main St\x1b[2J"}).content.decode()
    assert "This text contains a control character" in page
    assert not Order.objects.exists()


def test_staff_find_the_order_by_its_number_and_read_the_address(
    client: Client, service: Product, staff: Client
) -> None:
    client.post("/checkout/set-up/", {**CAROL, "phone": "+18055550123", "address": ADDRESS})
    order = Order.objects.get()
    assert order.reference in staff.get("/admin/shop/order/?q=805-555-0123").content.decode()
    assert "28013 Madrid" in staff.get(f"/admin/shop/order/{order.pk}/change/").content.decode()


def test_placing_an_order_costs_a_fixed_number_of_queries(
    client: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    locks = connection.vendor == "postgresql"  # the audit's; SQLite has one writer at a time anyway
    with django_assert_max_num_queries(47 + locks):  # nine of them for the two limits
        client.post(CHECKOUT, CAROL)
