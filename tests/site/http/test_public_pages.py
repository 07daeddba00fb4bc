"""Rules for every public page."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import pytest
from bs4 import BeautifulSoup, Tag
from django.contrib.staticfiles import finders
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from privacy.registry.declarations import personal_models
from shop.models import Product
from tests.site.pages import FORMS, GUESSED, MISSING, READING

pytestmark = pytest.mark.usefixtures("product")


def opened(client: Client, address: str) -> BeautifulSoup:
    return BeautifulSoup(client.get(address).content, "html.parser")


def directives(client: Client, address: str) -> dict[str, list[str]]:
    policy = client.get(address).headers["Content-Security-Policy"]
    return {name: values for name, *values in (part.split() for part in policy.split(";") if part.strip())}


@pytest.mark.parametrize("address", READING + FORMS)
def test_public_page_has_one_heading_a_title_and_a_language(client: Client, address: str) -> None:
    assert client.get(address).status_code == 200
    page = opened(client, address)
    assert len(page.find_all("h1")) == 1
    assert page.title is not None
    assert page.title.get_text(strip=True)
    assert page.find("html", lang="en")
    assert page.find("main")
    assert page.find("meta", {"name": "viewport"})


@pytest.mark.parametrize("address", READING + FORMS + MISSING)
def test_public_page_has_no_missing_template_variable(client: Client, address: str) -> None:
    assert "UNDEFINED:" not in client.get(address).content.decode()


@pytest.mark.parametrize("address", READING + FORMS + MISSING)
def test_public_page_policy_names_no_third_party(client: Client, address: str) -> None:
    found = directives(client, address)
    assert found["default-src"] == ["'none'"]
    assert found["base-uri"] == found["frame-ancestors"] == ["'none'"]
    to_paypal = ["http://127.0.0.1:8001"] if address.startswith("/checkout/") else []
    assert found["form-action"] == ["'self'", *to_paypal]
    others = {value for name, values in found.items() if name != "form-action" for value in values}
    assert others <= {"'none'", "'self'"}


@pytest.mark.parametrize("address", READING + FORMS + MISSING)
def test_public_page_resources_are_local_and_exist(client: Client, address: str) -> None:
    page = opened(client, address)
    loaded = [str(tag["src"]) for tag in page.find_all(src=True)]
    loaded += [str(tag["href"]) for tag in page.find_all("link", rel=["icon", "apple-touch-icon", "stylesheet"])]
    assert len(loaded) >= 2
    for source in loaded:
        assert source.startswith("/static/")
        assert finders.find(source.removeprefix("/static/")), source
    assert not page.find_all(style=True)
    assert not page.find_all("style")
    inline = [script for script in page.find_all("script") if not script.get("src")]
    assert {script["type"] for script in inline} <= {"application/ld+json"}


@pytest.mark.parametrize("address", READING + FORMS + MISSING)
def test_public_page_links_to_this_site_only(client: Client, address: str) -> None:
    links = [str(tag["href"]) for tag in opened(client, address).find_all("a", href=True)]
    assert len(links) > 5
    assert {urlsplit(link).scheme for link in links} <= {"", "mailto", "tel"}
    assert not [link for link in links if urlsplit(link).netloc]


@pytest.mark.parametrize("address", READING)
def test_public_page_has_no_dead_links(client: Client, address: str) -> None:
    paths = {urlsplit(str(tag["href"])) for tag in opened(client, address).find_all("a", href=True)}
    for parts in (parts for parts in paths if parts.path.startswith("/") and not parts.scheme):
        assert client.get(parts.path).status_code in {200, 302}, parts.path


@pytest.mark.parametrize("address", READING + MISSING)
def test_a_reader_gets_no_cookie(client: Client, address: str) -> None:
    assert not client.get(address).cookies


@pytest.mark.parametrize("address", FORMS)
def test_a_form_brings_only_the_cookie_that_protects_it(client: Client, address: str) -> None:
    assert set(client.get(address).cookies) == {"csrftoken"}


@pytest.mark.parametrize("address", [each for each in READING + FORMS + MISSING if each not in GUESSED])
def test_public_page_reads_no_personal_data(client: Client, address: str) -> None:
    personal = {declaration.model._meta.db_table for declaration in personal_models()}
    assert "shop_order" in personal
    with CaptureQueriesContext(connection) as queries:
        client.get(address)
    statements = [query["sql"] for query in queries.captured_queries]
    # The pages in header and footer; the texts of a front page and its sections, questions, earlier addresses; a
    # redirect. The policy's version, and the promises' states; products and services; rates; a product's pictures,
    # questions, features and releases; the terms.
    more = {"/privacy/": 3, "/": 5, "/services/": 6, "/about/": 5, "/support/": 5, "/affiliates/": 4}
    more |= {"/products/": 3, "/products/bps-pro/": 6, "/checkout/bps-pro/": 3, "/products/none/": 3}
    assert len(statements) <= more.get(address, 2)
    named = {table for statement in statements for table in re.findall(r'"(\w+)"', statement)}
    assert not named & personal


@pytest.mark.parametrize("address", FORMS)
def test_every_field_has_a_label_and_the_form_its_token(client: Client, address: str) -> None:
    page = opened(client, address)
    form = page.find("form", method="post")
    assert isinstance(form, Tag)
    assert form.find("input", {"name": "csrfmiddlewaretoken"})
    assert form.find("button", type="submit")
    fields = [f for f in form.find_all(["input", "select", "textarea"]) if f.get("type") not in {"hidden", "submit"}]
    assert fields
    for field in fields:
        assert page.find("label", {"for": str(field["id"])}), field


@pytest.mark.parametrize("address", FORMS)
def test_a_forged_post_is_refused_in_plain_words(address: str) -> None:
    response = Client(enforce_csrf_checks=True).post(address, {})
    assert response.status_code == 403
    assert "Please send the form again" in response.content.decode()


@pytest.mark.parametrize("address", READING + FORMS)
def test_public_page_has_security_headers(client: Client, address: str) -> None:
    headers = client.get(address).headers
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "strict-origin-when-cross-origin"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"


@pytest.mark.parametrize("address", ["/", "/sitemap.xml"])
def test_public_page_works_without_a_product(client: Client, address: str) -> None:
    Product.objects.all().delete()
    assert client.get(address).status_code == 200


def test_the_front_page_names_the_business(client: Client) -> None:
    page = client.get("/").content.decode()
    for fact in ("AITpro Website Design &amp; Security", "805-651-8516", "info@ait-pro.com", "81 N Katherine Dr"):
        assert fact in page
