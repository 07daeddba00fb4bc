"""Discount codes at the checkout: shown before paying, calculated here, and kept with the order."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
import time_machine
from bs4 import BeautifulSoup
from django.core import mail
from django.test import Client
from django.utils import timezone

from affiliates.models import Affiliate
from shop.models import DiscountUse, Order, Payment, Product
from shop.money import Money
from tests import factories
from tests.shop.purchases import CAROL, FORM

pytestmark = pytest.mark.usefixtures("product", "paypal_down", "clock")

CHECKOUT = "/checkout/bps-pro/"
CODED = {**FORM, "code": "SPRING10", "price_seen": "$53.95"}


def text_of(response: object) -> str:
    return " ".join(BeautifulSoup(response.content, "html.parser").get_text(" ").split())  # type: ignore[attr-defined]


def summary_of(response: object) -> str:
    page = BeautifulSoup(response.content, "html.parser")  # type: ignore[attr-defined]
    return " ".join(page.select_one("aside dl").get_text(" ").split())  # type: ignore[union-attr]


def test_recalculating_shows_the_price_with_the_code_and_asks_for_nothing_else(client: Client) -> None:
    factories.discount()
    page = client.post(CHECKOUT, {"code": " spring10 ", "name": "", "email": "", "recalculate": "1"})
    assert "Price $59.95 Code SPRING10 −$6.00 Total $53.95" in summary_of(page)
    assert "This field is required" not in text_of(page)
    assert not Order.objects.exists()


def test_recalculating_keeps_what_was_typed_and_says_what_is_wrong_with_the_code(client: Client) -> None:
    page = client.post(CHECKOUT, {**FORM, "code": "NOBODY", "recalculate": "1"})
    fields = {
        str(each["name"]): each.get("value") for each in BeautifulSoup(page.content, "html.parser").select("input")
    }
    assert (fields["name"], fields["email"], fields["code"]) == ("Carol Customer", "carol@example.org", "NOBODY")
    assert "This code doesn't exist" in text_of(page)


def test_a_code_that_was_not_recalculated_is_shown_before_the_buyer_goes_to_paypal(client: Client) -> None:
    factories.discount()
    page = client.post(CHECKOUT, {**FORM, "code": "SPRING10"})
    assert "With your code, the price is $53.95 instead of $59.95" in text_of(page)
    assert not Order.objects.exists()
    fields = {
        str(each["name"]): str(each.get("value", ""))
        for each in BeautifulSoup(page.content, "html.parser").select("input[name]")
    }
    client.post(CHECKOUT, {**CAROL, **fields})
    assert str(Order.objects.get().total) == "$53.95"


def test_order_keeps_price_discount_and_code(client: Client) -> None:
    code = factories.discount()
    client.post(CHECKOUT, CODED)
    order = Order.objects.get()
    assert (str(order.price), str(order.discount), str(order.total)) == ("$59.95", "$6.00", "$53.95")
    assert order.discount_codes == "SPRING10"
    assert str(Payment.objects.get().total) == "$53.95"
    use = DiscountUse.objects.get(order=order, discount=code)
    assert (str(use.amount), use.state, use.held_until) == ("$6.00", "held", timezone.now() + timedelta(hours=3))


def test_order_page_shows_the_discount_to_buyer_and_staff(client: Client, staff: Client) -> None:
    factories.discount()
    client.post(CHECKOUT, CODED)
    order = Order.objects.get()
    assert "Price $59.95 Discount −$6.00 with SPRING10 Amount $53.95" in text_of(client.get(order.get_absolute_url()))
    assert "$59.95 −$6.00 with SPRING10" in text_of(staff.get(f"/admin/shop/order/{order.pk}/change/"))


def test_receipt_shows_price_discount_and_what_was_paid(client: Client) -> None:
    factories.discount()
    client.post(CHECKOUT, CODED)
    order = Order.objects.get()
    Order.objects.filter(pk=order.pk).update(state="paid", paid_at=timezone.now())
    page = text_of(client.get(f"{order.get_absolute_url()}receipt/"))
    assert "BPS Pro 1 $59.95 Discount ( SPRING10 ) 1 −$6.00 Total paid $53.95" in page


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"starts_at": timedelta(hours=1)}, "can't be used before March 2, 2026, 13:00 UTC"),
        ({"starts_at": -timedelta(days=2), "ends_at": timedelta()}, "has expired"),
        ({"off": Money(500, "EUR")}, "is not for prices in USD"),
        ({"lowest": Money(5996, "USD")}, "is for prices of at least $59.96"),
        ({"max_uses": 0}, "has been used up"),
    ],
)
def test_a_code_that_can_not_be_used_says_why(client: Client, fields: dict[str, object], message: str) -> None:
    times = {name: timezone.now() + value for name, value in fields.items() if isinstance(value, timedelta)}
    factories.discount(**{**fields, **times})  # type: ignore[arg-type]
    page = text_of(client.post(CHECKOUT, CODED))
    assert f"The code SPRING10 {message}" in page
    assert not Order.objects.exists()


def test_a_code_for_other_products_is_refused_and_one_for_this_product_works(client: Client, product: Product) -> None:
    code, oil = factories.discount(), factories.product(slug="oil", name="Oil")
    code.products.create(product=oil)
    assert "The code SPRING10 is not for BPS Pro" in text_of(client.post(CHECKOUT, CODED))
    code.products.create(product=product)
    client.post(CHECKOUT, CODED)
    assert str(Order.objects.get().total) == "$53.95"


@pytest.mark.parametrize("typed", ["spring10", " SPRING10 ", "“SPRING10”", "#spring10", "ＳＰＲＩＮＧ10", "SPRING10,"])
def test_a_code_works_however_it_is_typed(client: Client, typed: str) -> None:
    factories.discount()
    client.post(CHECKOUT, {**CODED, "code": typed})
    assert Order.objects.get().discount_codes == "SPRING10"


def test_codes_that_add_up_are_listed_and_kept_together(client: Client) -> None:
    factories.discount(adds_up=True)
    factories.discount("LOYAL", off=Money(500, "USD"), adds_up=True)
    page = client.post(CHECKOUT, {**FORM, "code": "SPRING10 loyal", "recalculate": "1"})
    assert "Code SPRING10 −$6.00 Code LOYAL −$5.00 Total $48.95" in summary_of(page)
    client.post(CHECKOUT, {**FORM, "code": "SPRING10 loyal", "price_seen": "$48.95"})
    assert Order.objects.get().discount_codes == "SPRING10 + LOYAL"


def test_of_codes_that_do_not_add_up_the_buyer_is_told_which_one_is_left_out(client: Client) -> None:
    factories.discount()
    factories.discount("LOYAL", off=Money(500, "USD"))
    page = client.post(CHECKOUT, {**FORM, "code": "LOYAL SPRING10", "recalculate": "1"})
    assert "Price $59.95 Code SPRING10 −$6.00 Total $53.95" in summary_of(page)
    assert "LOYAL doesn't add up with the other code" in text_of(page)


def test_at_most_three_codes_are_read(client: Client) -> None:
    for number in range(4):
        factories.discount(f"ADD{number}", adds_up=True)
    assert "at most 3 codes" in text_of(client.post(CHECKOUT, {**CODED, "code": "ADD0 ADD1 ADD2 ADD3"}))


def test_a_flat_discount_above_the_price_makes_it_zero_and_never_less(client: Client) -> None:
    factories.discount(off=Money(9900, "USD"))
    page = client.post(CHECKOUT, {**FORM, "code": "SPRING10", "recalculate": "1"})
    assert "Code SPRING10 −$59.95 Total $0.00" in summary_of(page)


def test_a_price_that_changed_meanwhile_is_shown_with_the_discount_on_the_new_one(client: Client) -> None:
    factories.discount()
    Product.objects.update(price_minor=9900)
    page = client.post(CHECKOUT, CODED)
    assert "The price is now $89.10" in text_of(page)
    assert not Order.objects.exists()


def test_a_code_that_ended_while_the_page_was_open_places_no_order(
    client: Client, clock: time_machine.Traveller
) -> None:
    factories.discount(ends_at=timezone.now() + timedelta(minutes=5))
    clock.shift(timedelta(minutes=5))
    assert "The code SPRING10 has expired" in text_of(client.post(CHECKOUT, CODED))
    assert not Order.objects.exists()


def test_a_changed_code_changes_no_order(client: Client) -> None:
    code = factories.discount()
    client.post(CHECKOUT, CODED)
    code.percent = Decimal(50)
    code.save()
    assert str(Order.objects.get().total) == "$53.95"


# --- A code in a link


def test_link_with_a_code_shows_the_price_on_the_product_page_and_leads_on_with_it(client: Client) -> None:
    factories.discount()
    page = client.get("/products/bps-pro/?code=spring10")
    assert "$53.95 instead of $59.95 , with the code SPRING10" in text_of(page)
    assert "/checkout/bps-pro/?code=spring10" in page.content.decode()
    assert not page.cookies


def test_link_with_a_code_fills_in_the_checkout_and_one_click_pays(client: Client) -> None:
    factories.discount()
    page = client.get(f"{CHECKOUT}?code=spring10")
    assert "Price $59.95 Code SPRING10 −$6.00 Total $53.95" in summary_of(page)
    fields = {
        str(each["name"]): str(each.get("value", ""))
        for each in BeautifulSoup(page.content, "html.parser").select("input[name]")
    }
    client.post(f"{CHECKOUT}?code=spring10", {**fields, "name": "Carol", "email": "carol@example.org"})
    assert str(Order.objects.get().total) == "$53.95"


def test_link_with_an_expired_code_says_so_and_shows_the_full_price(client: Client) -> None:
    factories.discount(starts_at=timezone.now() - timedelta(days=2), ends_at=timezone.now() - timedelta(days=1))
    for path in ("/products/bps-pro/?code=SPRING10", f"{CHECKOUT}?code=SPRING10"):
        page = text_of(client.get(path))
        assert "The code SPRING10 has expired" in page
        assert "$53.95" not in page


@pytest.mark.parametrize("path", ["/", "/products/"])
def test_pages_on_the_way_carry_the_code_to_the_product(client: Client, path: str) -> None:
    assert "/products/bps-pro/?code=SPRING10" in client.get(f"{path}?code=SPRING10").content.decode()
    assert "code=" not in client.get(path).content.decode()


@pytest.mark.parametrize(
    "path", ["/", "/products/", "/products/bps-pro/", CHECKOUT, "/support/", "/about/", "/no-such-page/"]
)
def test_every_link_to_a_page_with_a_price_carries_the_code(client: Client, path: str) -> None:
    page = BeautifulSoup(client.get(f"{path}?code=SPRING10").content, "html.parser")
    links = {str(link["href"]) for link in page.select('a[href^="/products/"]')}
    assert "/products/?code=SPRING10" in links
    assert not [link for link in links if "?code=SPRING10" not in link]


@pytest.mark.parametrize("code", ["%00", "%22%3E%3Cscript%3E", "x" * 5000, "%E2%80%AE"])
@pytest.mark.parametrize("path", ["/", "/products/", "/products/bps-pro/", CHECKOUT])
def test_a_malformed_code_in_a_link_breaks_no_page(client: Client, path: str, code: str) -> None:
    page = client.get(f"{path}?code={code}")
    assert page.status_code == 200
    assert '<script>"' not in page.content.decode() and '"><script>' not in page.content.decode()


def test_an_affiliates_link_hands_the_code_on(client: Client, alice: Affiliate) -> None:
    address = client.get("/go/DEMO/products/bps-pro/?code=SPRING10").headers["Location"]
    assert address.startswith("/products/bps-pro/?code=SPRING10&ref=DEMO&go=")
    assert client.get("/go/NOBODY/?code=SPRING10").headers["Location"] == "/?code=SPRING10"


def test_no_mail_is_sent_before_the_payment(client: Client) -> None:
    factories.discount()
    client.post(CHECKOUT, CODED)
    assert Order.objects.exists() and not mail.outbox
