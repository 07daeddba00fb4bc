"""Staff write what a product's page says, and buyers read it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from bs4 import BeautifulSoup
from django.test import Client
from django.utils import timezone

from shop.models import Order, Product
from tests import factories
from tests.shop.purchases import CAROL
from tests.staff_pages import Page

pytestmark = pytest.mark.django_db

ADD = "/admin/shop/product/add/"
WRITTEN = {
    "name": "Guard",
    "slug": "guard",
    "price_minor": "59.95",
    "headline": "Sleep well",
    "summary": "It guards a site.",
    "description": "# Why\nBecause **it** [guards](/contact/).",
    "requirements": "- A site",
    "sites_per_license": "3 sites of one owner",
    "updates_and_support": "Updates for a year.",
    "fulfillment": "We write to you within a day.",
    "features-0-heading": "Watches the door",
    "features-0-text": "Nobody comes in *unseen*.",
    "questions-0-question": "Does it bark?",
    "questions-0-answer": "No.",
}


@pytest.fixture
def add_page(staff: Client) -> Page:
    return Page(staff, ADD)


def problems(page: Page) -> str:
    return " ".join(each.get_text(" ") for each in page.soup.select(".errorlist"))


def test_what_staff_write_is_on_the_page_of_the_product(add_page: Page, client: Client) -> None:
    saved = add_page.submit(**WRITTEN)
    assert "was added successfully" in saved.text
    page = BeautifulSoup(client.get("/products/guard/").content, "html.parser")
    text = " ".join(page.get_text(" ").split())
    for words in ("Sleep well", "It guards a site.", "Watches the door", "3 sites of one owner", "Does it bark?"):
        assert words in text
    assert page.select_one('a[href="/contact/"]:-soup-contains("guards")')
    assert [heading.get_text() for heading in page.select("h1")] == ["Guard"]
    assert page.select_one("h3:-soup-contains('Why')")
    assert page.select_one("em:-soup-contains('unseen')")
    assert page.select_one('meta[name=description][content="It guards a site."]')


def test_another_vendor_sells_something_else_without_touching_a_template(add_page: Page, client: Client) -> None:
    add_page.submit(**WRITTEN)
    for address in ("/products/guard/", "/checkout/guard/"):
        page = BeautifulSoup(client.get(address).content, "html.parser")
        main = page.select_one("main")
        assert main is not None
        for word in ("WordPress", "BPS", "BulletProof", "plugin"):
            assert word not in main.get_text()


@pytest.mark.parametrize("field", ["description", "fulfillment", "features-0-text", "questions-0-answer"])
@pytest.mark.parametrize(
    ("typed", "problem"),
    [
        ("Hello <script>alert(1)</script>", "without HTML such as “<script>”"),
        ("![x](https://evil.example/pixel.png)", "“https://evil.example/pixel.png” is on another site"),
    ],
)
def test_scripts_and_pictures_of_other_sites_are_refused_and_kept_as_typed(
    add_page: Page, field: str, typed: str, problem: str
) -> None:
    again = add_page.submit(**{**WRITTEN, field: typed})
    assert problem in problems(again)
    assert again.field(field) == typed
    assert again.field("headline") == "Sleep well"
    assert not Product.objects.exists()


def test_script_that_was_stored_all_the_same_is_shown_as_text(client: Client) -> None:
    factories.product(description="<script>alert(1)</script>", slug="guard")
    page = client.get("/products/guard/").content.decode()
    assert "&lt;script&gt;alert(1)" in page
    assert "<script>alert" not in page


def test_enter_in_a_field_saves_instead_of_previewing(staff: Client, product: Product) -> None:
    """A browser presses the first button of the form."""
    page = Page(staff, f"/admin/shop/product/{product.pk}/change/")
    buttons = [button.get("name") for button in page.soup.select("#product_form [type=submit]")]
    assert "_preview" in buttons
    assert buttons[0] == "_save"


def test_preview_shows_the_form_and_saves_nothing(staff: Client, product: Product) -> None:
    form = Page(staff, f"/admin/shop/product/{product.pk}/change/")
    typed = {"headline": "Not yet public", "features-0-heading": "New feature", "features-0-text": "Soon."}
    preview = form.submit(**typed, _preview="")
    assert preview.status == 200
    for words in ("This is a preview", "Not yet public", "New feature"):
        assert words in preview.text
    product.refresh_from_db()
    assert (product.headline, product.features.count()) == ("", 0)
    assert "was changed successfully" in form.submit(**typed).text
    product.refresh_from_db()
    assert (product.headline, product.features.count()) == ("Not yet public", 1)


def test_preview_of_a_new_product_saves_nothing(add_page: Page) -> None:
    preview = add_page.submit(**WRITTEN, _preview="")
    assert "Does it bark?" in preview.text
    assert not Product.objects.exists()


def test_product_without_a_price_offers_a_quote_and_cannot_be_bought(add_page: Page, client: Client) -> None:
    saved = add_page.submit(**{**WRITTEN, "price_minor": ""})
    assert "Nobody can buy Guard yet: without a price, its page offers a quote." in saved.text
    page = client.get("/products/guard/").content.decode()
    assert 'href="/contact/?kind=quote"' in page
    assert "/checkout/" not in page
    assert "Price on request" in client.get("/products/").content.decode()
    for response in (client.get("/checkout/guard/"), client.post("/checkout/guard/", CAROL)):
        assert response.status_code == 404
        assert 'href="/contact/?kind=quote"' in response.content.decode()
    assert not Order.objects.exists()


def test_product_without_file_and_delivery_cannot_be_bought(add_page: Page, client: Client) -> None:
    saved = add_page.submit(**{**WRITTEN, "fulfillment": ""})
    assert "Nobody can buy Guard yet: it has no released file" in saved.text
    page = client.get("/products/guard/").content.decode()
    assert "Not available yet" in page
    assert "/checkout/" not in page
    assert client.post("/checkout/guard/", CAROL).status_code == 404
    assert not Order.objects.exists()


def test_released_file_makes_the_product_a_download(client: Client) -> None:
    product = factories.product(fulfillment="", slug="guard")
    assert client.get("/checkout/guard/").status_code == 404
    release = factories.release(product, version="1.7", notes="- *Quicker*")
    page = client.get("/products/guard/").content.decode()
    for words in ("Download as soon as", "version 1.7", "<em>Quicker</em>"):
        assert words in page
    assert client.get("/checkout/guard/").status_code == 200
    type(release).objects.update(released_at=None)
    assert client.get("/checkout/guard/").status_code == 404


def test_service_promises_no_download_before_and_after_the_purchase(client: Client) -> None:
    product = factories.product(slug="setup", name="Setup", issues_license=False, fulfillment="We *call* you.")
    order = factories.order(product, state=Order.State.PAID, paid_at=timezone.now())
    for address in ("/products/setup/", "/checkout/setup/", order.get_absolute_url()):
        page = BeautifulSoup(client.get(address).content, "html.parser").select_one("main")
        assert page is not None
        assert "ownload" not in page.get_text(), address
        assert "icense" not in page.get_text(), address
    assert "We <em>call</em> you." in client.get(order.get_absolute_url()).content.decode()


def test_catalog_lists_what_is_on_sale_in_the_order_of_staff(client: Client) -> None:
    factories.product(slug="b", name="Second", position=2)
    factories.product(slug="a", name="First", position=1)
    factories.product(slug="c", name="Hidden", is_active=False)
    page = BeautifulSoup(client.get("/products/").content, "html.parser")
    assert [link.get_text(strip=True) for link in page.select("main h2 a")] == ["First", "Second"]


def test_empty_catalog_leads_on(client: Client) -> None:
    page = client.get("/products/").content.decode()
    assert "Nothing is on sale right now" in page
    assert 'href="/contact/"' in page


def json_ld(client: Client, slug: str) -> dict[str, Any]:
    page = BeautifulSoup(client.get(f"/products/{slug}/").content, "html.parser")
    blocks = [json.loads(block.get_text()) for block in page.select('script[type="application/ld+json"]')]
    return {block["@type"]: block for block in blocks}


def test_search_engines_get_offer_answers_and_place(add_page: Page, client: Client) -> None:
    add_page.submit(**WRITTEN)
    data = json_ld(client, "guard")
    offer = data["Product"]["offers"]
    assert (offer["price"], offer["priceCurrency"]) == ("59.95", "USD")
    assert offer["hasMerchantReturnPolicy"]["merchantReturnDays"] == 30
    assert data["FAQPage"]["mainEntity"][0]["name"] == "Does it bark?"
    assert [item["name"] for item in data["BreadcrumbList"]["itemListElement"]] == ["Products", "Guard"]


def test_search_engines_get_no_offer_of_what_cannot_be_bought(client: Client) -> None:
    factories.product(slug="review", price_minor=None, issues_license=False)
    data = json_ld(client, "review")
    assert "offers" not in data["Service"]
    assert "FAQPage" not in data
