"""Staff type a product's price as people write it; a change by more than half is asked about first."""

from __future__ import annotations

import pytest
from bs4 import BeautifulSoup
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from shop.models import Product
from tests.shop.catalog.test_pictures import picture

ADD = "/admin/shop/product/add/"


@pytest.fixture
def change_page(product: Product) -> str:
    return f"/admin/shop/product/{product.pk}/change/"


def filled_in(staff: Client, page: str, **typed: str) -> dict[str, str]:
    """The page's form with the given input."""
    form = BeautifulSoup(staff.get(page).content, "html.parser").select_one("form[id$=_form]")
    assert form is not None
    fields = {
        str(i["name"]): str(i.get("value", "")) for i in form.select("input[name]") if i.get("type") != "checkbox"
    }
    fields |= {str(area["name"]): area.text for area in form.select("textarea[name]")}
    chosen = form.select("select[name]:has(option[selected])")
    fields |= {str(s["name"]): str(s.select("option[selected]")[0]["value"]) for s in chosen}
    fields |= {str(box["name"]): "on" for box in form.select("input[type=checkbox][name][checked]")}
    return {**fields, "is_active": "on", "fulfillment": "We write to you.", **typed}


def price_of(product: Product) -> str:
    product.refresh_from_db()
    return str(product.price)


@pytest.mark.parametrize(
    ("typed", "currency", "price"),
    [
        ("70", "USD", "$70.00"),
        ("69.95", "USD", "$69.95"),
        ("$1,234.50", "USD", "$1,234.50"),
        ("69.95 €", "EUR", "69.95 EUR"),
        ("7000", "JPY", "7,000 JPY"),
    ],
)
def test_seventy_dollars_are_seventy_dollars(staff: Client, db: None, typed: str, currency: str, price: str) -> None:
    fields = filled_in(staff, ADD, slug="guard", name="Guard", summary="Guards.", price_minor=typed, currency=currency)
    assert staff.post(ADD, fields).status_code == 302
    assert price_of(Product.objects.get()) == price
    assert price in staff.get("/checkout/guard/").content.decode()


@pytest.mark.parametrize(
    ("typed", "currency", "problem"),
    [
        ("69.955", "USD", "at most 2 digits"),
        ("69.95", "JPY", "JPY has no decimals"),
        ("€70", "USD", "in USD, not in €"),
        ("69,95", "USD", "a comma only before three digits"),
        ("0", "USD", "other than zero"),
        ("-70", "USD", "above zero"),
        ("70", "XXX", "Choose the currency"),
    ],
)
def test_a_price_that_the_currency_cannot_hold_is_refused_and_kept_as_typed(
    staff: Client, db: None, typed: str, currency: str, problem: str
) -> None:
    fields = filled_in(staff, ADD, slug="guard", name="Guard", summary="Guards.", price_minor=typed, currency=currency)
    page = BeautifulSoup(staff.post(ADD, fields).content, "html.parser")
    assert problem in page.select_one(".field-price_minor").text  # type: ignore[union-attr]
    assert page.select_one("[name=price_minor]").get("value", "") == typed  # type: ignore[union-attr]
    assert not Product.objects.exists()


def test_the_stored_price_is_shown_with_its_decimals(staff: Client, change_page: str) -> None:
    assert filled_in(staff, change_page)["price_minor"] == "59.95"


@pytest.mark.parametrize("typed", ["29.98", "89.92"])
def test_a_change_by_up_to_half_is_saved_at_once(staff: Client, product: Product, change_page: str, typed: str) -> None:
    assert staff.post(change_page, filled_in(staff, change_page, price_minor=typed)).status_code == 302
    assert price_of(product) == f"${typed}"


@pytest.mark.parametrize("typed", ["0.70", "29.97", "89.93", "5995"])
def test_a_change_by_more_than_half_is_asked_about_first(
    staff: Client, product: Product, change_page: str, typed: str
) -> None:
    fields = filled_in(staff, change_page, price_minor=typed, summary="Guards well.")
    for _ in range(2):  # submitted twice, it is still only asked about
        page = BeautifulSoup(staff.post(change_page, fields).content, "html.parser")
        assert price_of(product) == "$59.95"
    [box] = page.select("input[name=price_confirmed]")
    assert "from $59.95 to" in page.select_one(".field-price_minor").text  # type: ignore[union-attr]
    assert page.select_one("[name=price_minor]")["value"] == typed  # type: ignore[index]
    assert page.select_one("[name=summary]")["value"] == "Guards well."  # type: ignore[index]
    another = {**fields, "price_minor": "0.80", "price_confirmed": str(box["value"])}
    assert staff.post(change_page, another).status_code == 200  # what is confirmed is this price, not another one
    assert price_of(product) == "$59.95"
    assert staff.post(change_page, {**fields, "price_confirmed": str(box["value"])}).status_code == 302
    assert price_of(product) == str(box["value"])


def test_another_currency_is_asked_about_too(staff: Client, product: Product, change_page: str) -> None:
    fields = filled_in(staff, change_page, price_minor="60", currency="JPY")
    page = staff.post(change_page, fields).content.decode()
    assert "from $59.95 to 60 JPY" in page
    assert price_of(product) == "$59.95"


def test_a_product_whose_price_stays_is_saved_without_a_word_of_it(
    staff: Client, product: Product, change_page: str
) -> None:
    staff.post(change_page, filled_in(staff, change_page, summary="Guards well."))
    history = staff.get(f"/admin/shop/product/{product.pk}/history/").content.decode()
    assert "changed the summary" in history
    assert "the price" not in history
    assert price_of(product) == "$59.95"


@pytest.mark.parametrize("typed", ["0.001", "1e9", "NaN", "Infinity", "9" * 30, "5" * 10_000])
def test_what_is_no_amount_is_refused_with_the_currency_and_an_example(
    staff: Client, product: Product, change_page: str, typed: str
) -> None:
    fields = filled_in(staff, change_page, price_minor=typed, summary="Guards well.")
    page = BeautifulSoup(staff.post(change_page, fields).content, "html.parser")
    problem = page.select_one(".field-price_minor .errorlist").text  # type: ignore[union-attr]
    assert ("USD" in problem and ("69.95" in problem or "1,234.95" in problem)) or "$21,474,836.47" in problem
    assert page.select_one("[name=price_minor]")["value"] == typed  # type: ignore[index]
    assert page.select_one("[name=summary]")["value"] == "Guards well."  # type: ignore[index]
    assert price_of(product) == "$59.95"


def test_price_that_goes_or_comes_back_is_asked_about(staff: Client, product: Product, change_page: str) -> None:
    for typed, said, answer in (
        ("", "from $59.95 to no price (a quote)", "no price (a quote)"),
        ("0.70", "from no price (a quote) to $0.70", "$0.70"),
    ):
        fields = filled_in(staff, change_page, price_minor=typed)
        assert said in staff.post(change_page, fields).content.decode()
        assert staff.post(change_page, {**fields, "price_confirmed": answer}).status_code == 302
    assert price_of(product) == "$0.70"


def test_question_about_the_price_says_which_file_to_choose_again(staff: Client, change_page: str) -> None:
    fields = filled_in(staff, change_page, price_minor="6.99")
    file = SimpleUploadedFile("cover.png", picture(), content_type="image/png")
    page = staff.post(change_page, {**fields, "pictures-0-alt": "The settings", "pictures-0-upload": file})
    assert "Please also choose the file again: cover.png." in page.content.decode()
