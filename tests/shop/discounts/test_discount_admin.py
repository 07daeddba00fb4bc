"""Staff make discount codes, see how often each was used, and what it sold."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from bs4 import BeautifulSoup
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from affiliates.models import Affiliate, AffiliateDiscount
from shop.models import DiscountCode, Order, Product
from shop.money import Money
from tests import factories
from tests.shop.purchases import FORM

pytestmark = [pytest.mark.usefixtures("product", "paypal_down", "clock")]

LIST, ADD = "/admin/shop/discountcode/", "/admin/shop/discountcode/add/"


def form_of(page: Any) -> dict[str, str]:
    form = BeautifulSoup(page.content, "html.parser").select_one("#content-main form[id$=_form]")
    assert form is not None
    values = {"_save": "Save"}
    for field in form.select("input[name]:not([type=submit]), select[name]"):
        if field.name == "select":
            chosen = field.select_one("option[selected]")
            values[str(field["name"])] = str(chosen["value"]) if chosen else ""
        elif field.get("type") != "checkbox" or field.has_attr("checked"):
            values[str(field["name"])] = str(field.get("value", ""))
    return values


def add(staff: Client, **fields: str) -> Any:
    return staff.post(ADD, {**form_of(staff.get(ADD)), **fields})


def errors_of(page: Any) -> str:
    return " ".join(each.get_text(" ") for each in BeautifulSoup(page.content, "html.parser").select(".errorlist"))


def test_staff_make_a_percentage_for_a_product_and_an_affiliate(
    staff: Client, alice: Affiliate, product: Product
) -> None:
    fields = {"percent": "10", "max_uses": "5", "products-0-product": str(product.pk)}
    page = add(staff, code="spring10", **fields, **{"of_affiliate-0-affiliate": str(alice.pk)})
    assert page.status_code == 302, errors_of(page)
    code = DiscountCode.objects.get()
    assert (code.code, code.percent, code.max_uses) == ("SPRING10", Decimal(10), 5)
    assert AffiliateDiscount.objects.get(discount=code).affiliate == alice
    assert code.products.get().product == product


def test_staff_make_a_flat_amount_with_a_lowest_price(staff: Client) -> None:
    amounts = {"amounts-0-currency": "USD", "amounts-0-off_minor": "5", "amounts-0-minimum_minor": "20.50"}
    page = add(staff, code="FIVE", **amounts)
    assert page.status_code == 302, errors_of(page)
    amount = DiscountCode.objects.get().amounts.get()
    assert (amount.currency, amount.off_minor, amount.minimum_minor) == ("USD", 500, 2050)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"code": "a b", "percent": "10"}, "Two to 32 letters"),
        ({"code": "demo", "percent": "10"}, "an affiliate's own code"),
        ({"code": "X1", "percent": "0"}, "above 0"),
        ({"code": "X1", "percent": "100.01"}, "at most 100"),
        ({"code": "X1"}, "Enter a percentage above, or a flat amount here"),
        ({"code": "X1", "percent": "5", "amounts-0-currency": "USD", "amounts-0-off_minor": "1"}, "not both"),
        ({"code": "SPRING10", "percent": "10"}, "already exists"),
    ],
)
def test_a_code_that_can_not_work_is_refused(
    staff: Client, alice: Affiliate, fields: dict[str, str], message: str
) -> None:
    factories.discount()
    page = add(staff, **fields)
    assert message in errors_of(page)
    assert DiscountCode.objects.count() == 1


def test_a_limit_below_the_orders_that_use_the_code_is_refused(staff: Client, client: Client) -> None:
    code = factories.discount(max_uses=5)
    client.post("/checkout/bps-pro/", {**FORM, "code": "SPRING10", "price_seen": "$53.95"})
    change = f"{LIST}{code.pk}/change/"
    page = staff.post(change, {**form_of(staff.get(change)), "max_uses": "0"})
    assert "1 orders use this code already" in errors_of(page)


def test_a_discount_code_can_not_have_the_name_of_a_suspended_affiliates_code(staff: Client, alice: Affiliate) -> None:
    Affiliate.objects.update(state="suspended")
    assert "an affiliate&#x27;s own code" in add(staff, code="demo", percent="10").content.decode()
    assert not DiscountCode.objects.exists()


def test_an_affiliate_can_not_take_the_name_of_a_discount_code(staff: Client, alice: Affiliate) -> None:
    factories.discount()
    change = f"/admin/affiliates/affiliate/{alice.pk}/change/"
    page = staff.post(change, {**form_of(staff.get(change)), "code": "spring10"})
    assert "There is a discount code with this name" in page.content.decode()
    alice.refresh_from_db()
    assert alice.code == "DEMO"


def test_the_list_counts_uses_in_the_same_number_of_queries_however_long_it_is(staff: Client, client: Client) -> None:
    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            page = staff.get(LIST)
        assert page.status_code == 200
        return len(queries)

    factories.discount()
    client.post("/checkout/bps-pro/", {**FORM, "code": "SPRING10", "price_seen": "$53.95"})
    cost()
    before = cost()
    for number in range(5):
        factories.discount(f"CODE{number}", off=Money(100, "USD"))
    assert cost() == before
    row = BeautifulSoup(staff.get(f"{LIST}?q=SPRING10").content, "html.parser").select_one("#result_list tbody tr")
    assert row is not None and [cell.get_text(strip=True) for cell in row.select("th, td")][:4] == [
        *("SPRING10", "10%", "0", "1")
    ]


def test_the_report_shows_what_a_code_sold(staff: Client, client: Client) -> None:
    factories.discount()
    for fields in ({}, {"code": "SPRING10", "price_seen": "$53.95"}):
        client.post("/checkout/bps-pro/", {**FORM, **fields})
    Order.objects.update(state="paid", paid_at=timezone.now())
    page = BeautifulSoup(
        staff.get("/admin/shop/reports/?since=2026-03-01&until=2026-03-31&by=discount").content, "html.parser"
    ).get_text(" ")
    words = " ".join(page.split())
    assert "SPRING10 1 $53.95" in words and "No code 1 $59.95" in words


@pytest.mark.parametrize("code", ["--", "__", "-_-", "A", "A B"])
def test_a_code_without_a_letter_or_digit_is_refused(staff: Client, code: str) -> None:
    page = add(staff, code=code, percent="10")
    assert "Two to 32 letters, digits, hyphens or underscores, with at least one letter or digit." in errors_of(page)
    assert not DiscountCode.objects.exists()


@pytest.mark.parametrize("field", ["max_uses", "max_uses_per_buyer"])
def test_a_code_for_no_orders_is_refused(staff: Client, field: str) -> None:
    page = add(staff, code="SPRING10", percent="10", **{field: "0"})
    assert "Enter at least 1. To end a code, enter the time under “until”." in errors_of(page)
    assert add(staff, code="SPRING10", percent="10", **{field: "1"}).status_code == 302
