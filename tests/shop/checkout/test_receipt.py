"""The receipt at an address of its own, and what the buyer may add to it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from bs4 import BeautifulSoup
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from privacy.audit.models import AuditEntry
from privacy.erasure.erase import erase_person
from privacy.requests.archive import collect
from shop.models import Order, Payment, Product
from tests import factories
from tests.privacy.stored import stored
from tests.shop.purchases import place

PAID_AT = datetime(2026, 3, 2, 12, 30, tzinfo=UTC)


@pytest.fixture
def order(product: Product) -> Order:
    order = factories.order(product, state=Order.State.PAID, paid_at=PAID_AT)
    factories.payment(order, state=Payment.State.PAID, capture_id="3C679366HH908993F")
    return order


def url(order: Order) -> str:
    return f"{order.get_absolute_url()}receipt/"


def text(client: Client, order: Order) -> str:
    soup = BeautifulSoup(client.get(url(order)).content, "html.parser")
    return " ".join(soup.main.get_text(" ").split()) if soup.main else ""


def add(client: Client, order: Order, **fields: str) -> Any:
    return client.post(url(order), {"company": "Customer & Co", "vat_id": "DE123456789", **fields})


def test_receipt_names_both_parties_the_item_and_the_payment(client: Client, order: Order, settings: Settings) -> None:
    page = text(client, order)
    for words in (
        f"Invoice number {order.reference}",
        "Invoice date March 2, 2026",
        "BPS Pro 1 $59.95",
        "Total paid $59.95",
        "3C679366HH908993F",
        "Carol Customer",
        *(settings.BUSINESS[name] for name in ("name", "address", "email", "phone")),
    ):
        assert words in page
    assert "VAT (" not in page
    assert client.get(url(order)).headers["X-Robots-Tag"] == "noindex, nofollow, noarchive"
    assert "no-store" in client.get(url(order)).headers["Cache-Control"]


def test_order_page_leads_to_the_receipt(client: Client, order: Order) -> None:
    assert f'href="{url(order)}"' in client.get(order.get_absolute_url()).content.decode()


@pytest.mark.parametrize("state", ["open", "pending"])
def test_unpaid_order_has_no_receipt(client: Client, product: Product, state: str) -> None:
    order = factories.order(product, state=state)
    assert client.get(url(order)).headers["Location"] == order.get_absolute_url()
    assert add(client, order).headers["Location"] == order.get_absolute_url()
    order.refresh_from_db()
    assert order.company is None


def test_refunds_are_on_the_receipt(client: Client, order: Order) -> None:
    payment = order.payments.get()
    Payment.objects.update(refunded_minor=1000, state=Payment.State.PART_REFUNDED)
    payment.refunds.create(amount_minor=1000, currency="USD", state="completed", completed_at=PAID_AT)
    payment.refunds.create(amount_minor=700, currency="USD", state="failed")
    page = text(client, order)
    assert "Refunded on March 2, 2026 −$10.00 Net amount $49.95" in page
    assert "$7.00" not in page


def test_tax_that_the_price_includes_is_fixed_with_the_order(
    client: Client, product: Product, settings: Settings
) -> None:
    settings.TAX_NAME, settings.TAX_PERCENT = "VAT", Decimal("19")
    order = place(client)
    Order.objects.update(paid_at=PAID_AT, state=Order.State.PAID)
    settings.TAX_PERCENT = Decimal("25")
    order.refresh_from_db()
    assert "Includes VAT (19%) $9.57" in text(client, order)


def test_buyer_adds_company_and_vat_id(client: Client, order: Order) -> None:
    response = add(client, order, company="Customer & Co\n1 Main St")
    assert response.headers["Location"] == f"{url(order)}?saved=1"
    page = text(client, order)
    assert "Customer & Co 1 Main St Carol Customer VAT ID: DE123456789" in page
    assert "Saved." in client.get(response.headers["Location"]).content.decode()
    order.refresh_from_db()
    assert b"Customer" not in stored(order, "company")
    assert b"DE123" not in stored(order, "vat_id")
    data = str(collect(email="carol@example.org"))
    assert "1 Main St" in data
    assert "DE123456789" in data


def test_emptied_fields_leave_the_receipt(client: Client, order: Order) -> None:
    add(client, order)
    add(client, order, company="", vat_id="")
    assert "VAT ID:" not in text(client, order)


@pytest.mark.parametrize(
    ("field", "value"),
    [("vat_id", "<script>"), ("vat_id", "D" * 31), ("vat_id", "?"), ("company", "x" * 401), ("company", "a\x00b")],
)
def test_invalid_details_are_explained_and_kept_off_the_receipt(
    client: Client, order: Order, field: str, value: str
) -> None:
    add(client, order)
    response = add(client, order, **{field: value})
    assert response.status_code == 200
    page = BeautifulSoup(response.content, "html.parser")
    assert page.select_one("[aria-invalid=true]")
    assert page.title
    assert "Error:" in page.title.get_text()
    assert "DE123456789" in page.select_one(".receipt-parties").get_text()  # type: ignore[union-attr]
    assert "VAT ID: DE123456789" in text(client, order)


def test_markup_in_the_company_is_text(client: Client, order: Order) -> None:
    add(client, order, company="<b>Bold</b> & Co")
    assert "<b>Bold" not in client.get(url(order)).content.decode()


def test_deletion_empties_the_receipt_and_nothing_can_be_added_to_it(client: Client, order: Order) -> None:
    add(client, order)
    form = client.get(url(order)).content.decode()
    assert "Customer &amp; Co" in form
    erase_person(email="carol@example.org")
    page = client.get(url(order)).content.decode()
    for gone in ("Customer", "DE123456789", "Carol", "Add your company"):
        assert gone not in page
    assert "personal data was deleted" in page
    assert add(client, order).status_code == 302
    order.refresh_from_db()
    assert (order.company, order.vat_id) == (None, None)


# --- Who has the link, later and often ------------------------------------------------------------------------------
def changes(order: Order) -> int:
    entries = AuditEntry.objects.filter(action="shop.order.invoice_details_changed", object_id=str(order.pk))
    return entries.count()


def test_invoice_of_a_refunded_order_is_fixed(client: Client, order: Order) -> None:
    add(client, order)
    Order.objects.update(state=Order.State.REFUNDED)
    answer = add(client, order, company="Changed After Refund Ltd", vat_id="XX99")
    assert answer.headers["Location"] == url(order)
    page = client.get(url(order)).content.decode()
    assert "Customer &amp; Co" in page
    assert "Changed After Refund" not in page
    assert "can no longer be changed" in page
    assert "<form" not in page.split("<main")[1].split("</main>")[0]
    assert changes(order) == 1


def test_invoice_says_when_its_buyer_was_changed(client: Client, order: Order, clock: time_machine.Traveller) -> None:
    assert "changed on" not in text(client, order)
    add(client, order)
    clock.shift(timedelta(days=3))
    assert "Buyer's details changed on March 2, 2026" in text(client, order)
    add(client, order)  # the same
    assert "Buyer's details changed on March 2, 2026" in text(client, order)
    add(client, order, company="Another & Co")
    assert "Buyer's details changed on March 5, 2026" in text(client, order)


def test_correction_by_a_privacy_request_is_a_change_of_the_invoice(
    order: Order, clock: time_machine.Traveller
) -> None:
    order.name = "Carol Corrected"
    order.save(update_fields=["name"])
    order.refresh_from_db()
    assert order.buyer_changed_at == timezone.now()


def test_saving_the_same_again_records_nothing(client: Client, order: Order) -> None:
    assert [add(client, order).status_code for _ in range(15)] == [302] * 15
    assert changes(order) == 1


@pytest.mark.usefixtures("clock")
def test_link_changes_the_invoice_so_often_in_an_hour(client: Client, order: Order) -> None:
    answers = [add(client, order, company=f"Company {number}") for number in range(32)]
    assert [answer.status_code for answer in answers] == [302] * 30 + [429] * 2
    assert answers[-1].headers["Retry-After"] == "3600"
    assert "Too many changes" in answers[-1].content.decode()
    assert "Company 31" in answers[-1].content.decode()
    assert changes(order) == 30


@pytest.mark.parametrize("token", ["x", "B123456789", "1d2f7b0a-6c3e-4b57-9f3c-0a5b8c9d7e61"])
def test_receipt_of_a_guessed_order_is_not_found(client: Client, order: Order, token: str) -> None:
    for guess in (token, order.reference, str(order.pk)):
        assert client.get(f"/orders/{guess}/receipt/").status_code == 404
        assert client.post(f"/orders/{guess}/receipt/", {"company": "Mallory"}).status_code == 404


def test_receipt_needs_few_queries(
    client: Client, order: Order, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(6):
        client.get(url(order))
