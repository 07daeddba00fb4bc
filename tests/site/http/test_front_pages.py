"""The front pages print the business's own words: settings, services and products, nothing invented."""

from __future__ import annotations

from typing import Any

import pytest
from bs4 import BeautifulSoup
from django.conf import settings as django_settings
from django.test import Client
from pytest_django import DjangoAssertNumQueries, Settings

from contacts.models import Service
from shop.models import Product

pytestmark = pytest.mark.django_db


@pytest.fixture
def design() -> Service:
    return Service.objects.create(
        slug="design",
        name="Kitchen design",
        summary="Kitchens to cook in.",
        commitment="Built within six weeks",
        text="We *measure* first.\n\n- Oak\n- Beech\n\n<script>alert(1)</script>",
    )


def main_of(client: Client, address: str) -> Any:
    page = BeautifulSoup(client.get(address).content, "html.parser")
    assert "UNDEFINED" not in str(page)
    return page.main


def words(client: Client, address: str) -> str:
    return " ".join(main_of(client, address).get_text(" ").split())


def test_another_vendor_opens_with_words_of_its_own(client: Client, settings: Settings, design: Service) -> None:
    settings.BUSINESS = {**django_settings.BUSINESS, "headline": "Oak, by hand.", "description": "We build kitchens."}
    product = Product.objects.create(slug="oil", name="Oak oil", summary="Keeps oak alive.", price_minor=1250)
    front = words(client, "/")
    for own in ("Oak, by hand.", "We build kitchens.", "Kitchen design", "Built within six weeks", "Oak oil", "$12.50"):
        assert own in front
    everything = " ".join(words(client, page) for page in ("/", "/services/", "/about/", "/support/", "/contact/"))
    for foreign in ("BulletProof", "BPS", "WordPress", "website"):
        assert foreign not in everything
    assert main_of(client, "/").select_one(f'a[href="/products/{product.slug}/"]') is not None


def test_without_products_and_services_the_pages_stay_whole(client: Client) -> None:
    assert "Request a quote" in words(client, "/")
    assert "How quotes work" in words(client, "/services/")
    assert "There are no products at the moment" in words(client, "/support/")
    assert "What we do" not in words(client, "/about/")


def test_services_page_renders_markdown_without_html(client: Client, design: Service) -> None:
    service = main_of(client, "/services/").find(id="design")
    assert service.em.get_text() == "measure"
    assert [item.get_text() for item in service.select("li")] == ["Oak", "Beech"]
    assert service.script is None


def test_service_that_is_not_offered_is_nowhere(client: Client, design: Service) -> None:
    Service.objects.update(is_offered=False)
    for page in ("/", "/services/", "/about/"):
        assert "Kitchen design" not in words(client, page)
    assert not main_of(client, "/contact/?kind=quote&service=design").find(id="id_project").get("value")


def test_quote_button_opens_the_contact_form_on_the_quote(client: Client, design: Service) -> None:
    [own] = [link["href"] for link in main_of(client, "/services/").select("#design a.button")]
    form = main_of(client, own)
    assert form.select_one("option[selected]")["value"] == "quote"
    assert form.find(id="id_project")["value"] == "Kitchen design"


@pytest.mark.parametrize("typed", ["none", "%00", "design%00", "&kind=question", "%3Cb%3E"])
def test_quote_form_ignores_unknown_services(client: Client, design: Service, typed: str) -> None:
    field = main_of(client, f"/contact/?kind=quote&service={typed}").find(id="id_project")
    assert not field.get("value")


def test_about_page_shows_only_facts_that_are_set(client: Client, settings: Settings) -> None:
    for label in ("Run by", "In business since"):
        assert label not in words(client, "/about/")
    settings.BUSINESS = {**django_settings.BUSINESS, "owner": "Olga Oak", "since": "1998", "hours": "weekdays, 9 to 5"}
    for fact in ("Run by Olga Oak", "In business since 1998", "weekdays, 9 to 5"):
        assert fact in words(client, "/about/")


def test_support_page_leads_to_each_way_of_getting_help(client: Client, product: Product) -> None:
    Product.objects.update(documentation_url="https://docs.example.com/")
    links = {link["href"] for link in main_of(client, "/support/").select("a")}
    for way in ("/contact/", "/contact/?kind=order", "https://docs.example.com/", "/privacy/request/"):
        assert way in links
    assert {"/.well-known/security.txt", "/.well-known/security-policy.txt"} <= links


@pytest.mark.parametrize(
    ("currency", "bounds", "printed"),
    [
        ("USD", [1000, 5000], ["Under $1,000", "$1,000 to $5,000", "Over $5,000"]),
        ("EUR", [2000], ["Under 2,000 EUR", "Over 2,000 EUR"]),
    ],
)
def test_budgets_are_printed_in_the_default_currency(
    client: Client, settings: Settings, currency: str, bounds: list[int], printed: list[str]
) -> None:
    settings.CURRENCY, settings.QUOTE_BUDGETS = currency, bounds
    options = main_of(client, "/contact/").find(id="id_budget").find_all("option")
    assert [option.get_text() for option in options] == ["Not decided yet", *printed]


@pytest.mark.parametrize("page", ["/", "/services/", "/about/"])
def test_more_services_cost_no_more_queries(
    client: Client, design: Service, product: Product, django_assert_max_num_queries: DjangoAssertNumQueries, page: str
) -> None:
    for number in range(20):
        Service.objects.create(slug=f"s{number}", name=f"Service {number}", summary="One.", text="Two.")
    with django_assert_max_num_queries(6):
        client.get(page)


def test_staff_can_not_publish_html_in_a_service(staff: Client, design: Service) -> None:
    typed = {"name": "Design", "slug": "design", "summary": "Sites.", "text": "<b>Bold</b>", "position": "0"}
    page = staff.post("/admin/contacts/service/add/", typed).content.decode()
    assert "Write this in Markdown, without HTML" in page
    assert Service.objects.count() == 1
