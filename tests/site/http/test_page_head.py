"""What pages say about themselves in their head."""

from __future__ import annotations

import io
import json
from collections import Counter
from datetime import date
from typing import Any
from urllib.parse import urlsplit
from xml.etree import ElementTree

import pytest
from bs4 import BeautifulSoup, Tag
from django.contrib.staticfiles import finders
from django.template import Context, Template
from django.test import Client
from PIL import Image
from pytest_django import DjangoAssertNumQueries

from affiliates.models import Affiliate
from shop.models import Product
from tests import factories
from tests.cast import signed_in

pytestmark = pytest.mark.usefixtures("product")

NAMESPACE = {"": "http://www.sitemaps.org/schemas/sitemap/0.9"}


def opened(client: Client, address: str) -> BeautifulSoup:
    response = client.get(address)
    assert response.status_code == 200, address
    return BeautifulSoup(response.content, "html.parser")


def meta(page: BeautifulSoup, name: str) -> str | None:
    tag = page.find("meta", {"name": name}) or page.find("meta", {"property": name})
    return str(tag["content"]) if isinstance(tag, Tag) else None


def listed(client: Client) -> dict[str, str | None]:
    """Paths in the sitemap, and when each changed."""
    tree = ElementTree.fromstring(client.get("/sitemap.xml").content)
    return {
        urlsplit(str(url.findtext("loc", None, NAMESPACE))).path: url.findtext("lastmod", None, NAMESPACE)
        for url in tree.findall("url", NAMESPACE)
    }


def test_each_page_in_the_sitemap_says_when_it_changed(client: Client) -> None:
    found = listed(client)
    assert {"/", "/services/", "/contact/", "/affiliates/", "/privacy/", "/products/bps-pro/"} <= found.keys()
    assert all(date.fromisoformat(str(changed)) <= date.today() for changed in found.values())  # noqa: DTZ011


def test_the_sitemap_needs_the_same_queries_however_many_products(
    client: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(5):
        factories.product(slug=f"product-{number}")
    with django_assert_max_num_queries(6):
        client.get("/sitemap.xml")


def test_no_two_listed_pages_share_a_title_or_a_description(client: Client) -> None:
    heads: dict[str, list[str]] = {"title": [], "description": []}
    for path in listed(client):
        page = opened(client, path)
        heads["title"].append(page.title.get_text(strip=True) if page.title else "")
        heads["description"].append(meta(page, "description") or "")
    for kind, texts in heads.items():
        assert "" not in texts, kind
        assert [text for text, times in Counter(texts).items() if times > 1] == [], kind
    assert [text for text in heads["description"] if len(text) > 300] == []


def test_listed_pages_name_their_own_address_and_a_picture(client: Client) -> None:
    for path in listed(client):
        page = opened(client, f"{path}?ref=DEMO")
        (canonical,) = page.find_all("link", rel="canonical")
        assert canonical["href"] == meta(page, "og:url") == f"http://127.0.0.1:8000{path}"
        assert page.title
        assert meta(page, "og:title") == page.title.get_text()
        assert meta(page, "og:description") == meta(page, "description")
        assert str(meta(page, "og:image")).startswith("http://127.0.0.1:8000/")
        assert meta(page, "robots") is None


@pytest.mark.parametrize(
    "address",
    [
        "/accounts/login/",
        "/checkout/bps-pro/",
        "/privacy/request/sent/ABCDEFGH/",
        "/contact/thanks/Q-ABCDEF/",
        "/none/",
    ],
)
def test_other_pages_are_not_indexed(client: Client, address: str) -> None:
    page = BeautifulSoup(client.get(address).content, "html.parser")
    assert meta(page, "robots") == "noindex"
    assert not page.find("link", rel="canonical")
    assert meta(page, "og:url") is None


def test_a_missing_product_is_not_indexed_under_an_address_that_could_be_listed(client: Client) -> None:
    page = BeautifulSoup(client.get("/products/none/").content, "html.parser")
    assert meta(page, "robots") == "noindex"
    assert not page.find("link", rel="canonical")


def test_the_portal_is_not_indexed(alice: Affiliate) -> None:
    client = signed_in(alice.user)
    assert meta(opened(client, "/affiliates/portal/"), "robots") == "noindex"
    assert client.get("/affiliates/portal/").headers["X-Robots-Tag"] == "noindex"


def test_the_preview_picture_is_a_png_of_the_right_size(client: Client) -> None:
    response = client.get("/link-preview.png")
    assert response.headers["Content-Type"] == "image/png"
    assert Image.open(io.BytesIO(response.content)).size == (1200, 630)
    assert len(response.content) < 60_000


def test_the_manifest_names_the_business_and_icons_of_the_stated_sizes(client: Client) -> None:
    response = client.get("/site.webmanifest")
    assert response.headers["Content-Type"] == "application/manifest+json"
    assert response.json()["short_name"] == "AITpro"
    for icon in response.json()["icons"]:
        with Image.open(str(finders.find(icon["src"].removeprefix("/static/")))) as picture:
            assert icon["sizes"] == f"{picture.width}x{picture.height}"


def structured_data(page: BeautifulSoup) -> list[dict[str, Any]]:
    return [json.loads(script.get_text()) for script in page.find_all("script", type="application/ld+json")]


def test_home_describes_the_business_for_search_engines(client: Client) -> None:
    data = structured_data(opened(client, "/"))
    (business,) = [each for each in data if each["@type"] == "Organization"]
    assert business["@context"] == "https://schema.org"
    assert business["telephone"] == "805-651-8516"
    assert business["logo"].startswith("http://127.0.0.1:8000/static/")


def test_structured_data_cannot_end_its_script() -> None:
    text = Template("{% load page_head %}{{ data|json_ld }}").render(Context({"data": {"name": "</script><b>&"}}))
    assert not set("<>&") & set(text)
    assert json.loads(text)["name"] == "</script><b>&"


def test_breadcrumbs_carry_whole_addresses() -> None:
    template = Template('{% load page_head %}{% breadcrumb_list "A" "/a/" "B" "/a/b/" as found %}{{ found|json_ld }}')
    (first, second) = json.loads(template.render(Context()))["itemListElement"]
    assert (first["position"], first["item"]) == (1, "http://127.0.0.1:8000/a/")
    assert (second["position"], second["name"]) == (2, "B")


def test_the_policy_lets_a_page_fetch_from_its_own_site(client: Client) -> None:
    policy = client.get("/").headers["Content-Security-Policy"]
    assert "connect-src 'self'" in policy
    assert "manifest-src 'self'" in policy


def test_a_page_without_an_alert_has_no_error_in_its_title(client: Client, product: Product) -> None:
    title = opened(client, "/contact/").title
    assert title
    assert not title.get_text().startswith("Error")


@pytest.mark.parametrize("address", ["/contact/", "/orders/find/"])
def test_a_form_with_errors_says_so_once_in_the_title(client: Client, address: str) -> None:
    page = BeautifulSoup(client.post(address, {"kind": "question"}).content, "html.parser")
    assert page.title
    assert page.title.get_text().startswith("Error: ")
    assert page.title.get_text().count("Error") == 1
