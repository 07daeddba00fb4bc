"""Staff write pages; visitors read them from their time on, in the menu or the footer."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from bs4 import BeautifulSoup
from django.contrib.auth.models import Group
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from affiliates.models import Affiliate, Click
from aitpro.pages.models import Page as Written
from privacy.admin_base.staff_roles import Role
from shop.models import Product
from tests import factories
from tests.cast import signed_in
from tests.staff_pages import Page

pytestmark = pytest.mark.django_db

ADD = "/admin/pages/page/add/"
GUIDE = {
    "title": "A guide",
    "slug": "guide",
    "summary": "How to begin.",
    "text": "# First\n- *One*",
    "is_published": "on",
}


@pytest.fixture
def add_page(staff: Client) -> Page:
    return Page(staff, ADD)


def written(**fields: Any) -> Written:
    values = {"title": "A guide", "slug": "guide", "summary": "How to begin.", "text": "Begin.", "is_published": True}
    return Written.objects.create(**{**values, **fields})


def read(client: Client, address: str) -> BeautifulSoup:
    return BeautifulSoup(client.get(address).content, "html.parser")


def problems(page: Page) -> str:
    return " ".join(each.get_text(" ") for each in page.soup.select(".errorlist"))


def test_page_of_the_shop_role_is_public_in_the_menu_after_one_form(client: Client) -> None:
    shop = factories.user("shop@example.com", is_staff=True)
    shop.groups.add(Group.objects.get(name=Role.SHOP))
    saved = Page(signed_in(shop), ADD).submit(**GUIDE, place="menu")
    assert "The page is public at /guide/" in saved.text
    page = read(client, "/guide/")
    assert [heading.get_text() for heading in page.select("h1, main h2")] == ["A guide", "First"]
    assert page.select_one("main li em:-soup-contains('One')")
    assert page.select_one('meta[name=description][content="How to begin."]')
    assert page.select_one('link[rel=canonical][href$="/guide/"]')
    assert page.select_one('meta[property="og:title"][content^="A guide"]')
    assert page.select_one('.site-nav a[href="/guide/"][aria-current=page]')
    assert read(client, "/").select_one('.site-nav a[href="/guide/"]:not([aria-current])')
    assert "/guide/</loc>" in client.get("/sitemap.xml").content.decode()


@pytest.mark.parametrize(("place", "where"), [("menu", [".site-nav"]), ("footer", [".site-foot"]), ("nowhere", [])])
def test_page_is_linked_where_staff_put_it(client: Client, place: str, where: list[str]) -> None:
    written(place=place)
    front = read(client, "/")
    assert [each for each in (".site-nav", ".site-foot") if front.select_one(f'{each} a[href="/guide/"]')] == where


def test_address_is_made_from_the_title(add_page: Page, client: Client) -> None:
    add_page.submit(**{**GUIDE, "slug": "", "title": "Before & after: a guide"})
    assert client.get("/before-after-a-guide/").status_code == 200


@pytest.mark.parametrize("pasted", ["/guide/", "Guide", "http://127.0.0.1:8000/guide/", " guide "])
def test_address_may_be_pasted(add_page: Page, client: Client, pasted: str) -> None:
    add_page.submit(**{**GUIDE, "slug": pasted})
    assert client.get("/guide/").status_code == 200


@pytest.mark.parametrize("fields", [{"is_published": False}, {"published_from": timedelta(minutes=1)}])
def test_draft_and_future_page_is_nowhere(client: Client, clock: Any, fields: dict[str, Any]) -> None:
    values = {name: timezone.now() + value if isinstance(value, timedelta) else value for name, value in fields.items()}
    written(place="menu", **values)
    for _ in range(2):
        assert client.get("/guide/").status_code == 404
        assert "/guide/" not in client.get("/").content.decode()
        assert "/guide/" not in client.get("/sitemap.xml").content.decode()


def test_page_appears_at_its_time(client: Client, clock: Any) -> None:
    written(place="menu", published_from=timezone.now() + timedelta(minutes=1))
    assert client.get("/guide/").status_code == 404
    clock.shift(60)
    assert client.get("/guide/").status_code == 200
    assert "/guide/" in client.get("/").content.decode()


def test_state_is_in_the_list_and_only_a_public_page_is_linked(staff: Client, clock: Any) -> None:
    written()
    written(slug="draft", title="Draft", is_published=False)
    written(slug="soon", title="Soon", published_from=timezone.now() + timedelta(days=1))
    page = Page(staff, "/admin/pages/page/")
    assert {link["href"] for link in page.soup.select("td.field-address a")} == {"/guide/"}
    states = [each.get_text().split()[0] for each in page.soup.select("td.field-published")]
    assert states == ["public", "draft", "from"]
    for slug, is_linked in (("guide", True), ("draft", False), ("soon", False)):
        change = Page(staff, f"/admin/pages/page/{Written.objects.get(slug=slug).pk}/change/")
        assert bool(change.soup.select(f'a[href="/{slug}/"]')) is is_linked


def test_preview_shows_the_page_and_saves_nothing(add_page: Page, staff: Client, client: Client) -> None:
    preview = add_page.submit(**GUIDE, place="menu", _preview="")
    assert "This is a preview" in preview.text
    assert preview.soup.select_one("main h2:-soup-contains('First')")
    assert preview.soup.select_one("meta[name=robots][content=noindex]")
    assert not Written.objects.exists()
    assert client.get("/guide/").status_code == 404
    row = written()
    change = Page(staff, f"/admin/pages/page/{row.pk}/change/")
    assert "Not yet" in change.submit(title="Not yet", slug="moved", _preview="").text
    row.refresh_from_db()
    assert (row.title, row.slug) == ("A guide", "guide")
    assert client.get("/moved/").status_code == 404
    assert client.get("/guide/").status_code == 200


@pytest.mark.parametrize(
    "slug",
    [
        "services",
        "products",
        "checkout",
        "orders",
        "downloads",
        "go",
        "paypal",
        "privacy",
        "terms",
        "quotes",
        "accounts",
    ]
    + ["admin", "api", "healthz", "readyz", "metrics", "mail", "static", "contact", "affiliates", "about", "support"]
    + ["login", "logout", "order", "webhooks", "evidence", "search"],
)
def test_address_of_the_site_itself_is_refused_and_nothing_is_lost(add_page: Page, slug: str) -> None:
    again = add_page.submit(**{**GUIDE, "slug": slug})
    assert f"/{slug}/ belongs to the site itself" in problems(again)
    assert again.field("text") == GUIDE["text"]
    assert again.field("slug") == slug
    assert not Written.objects.exists()


def test_address_of_another_page_is_refused_by_name_and_nothing_is_lost(add_page: Page) -> None:
    written(is_published=False)
    again = add_page.submit(**{**GUIDE, "title": "Another"})
    assert "The page “A guide” is at /guide/" in problems(again)
    assert (again.field("title"), again.field("text")) == ("Another", GUIDE["text"])
    assert Written.objects.count() == 1


@pytest.mark.parametrize("title", ["…", "Δ", "  !"])
def test_title_without_letters_for_an_address_asks_for_one(add_page: Page, title: str) -> None:
    again = add_page.submit(**{**GUIDE, "slug": "", "title": title})
    assert "Enter an address in the letters a to z" in problems(again)
    assert not Written.objects.exists()


@pytest.mark.parametrize(
    ("typed", "problem"),
    [
        ("Hello <script>alert(1)</script>", "without HTML such as “<script>”"),
        ("<img src=x onerror=alert(1)>", "without HTML"),
        ("![x](https://evil.example/pixel.png)", "is on another site"),
        ("x" * 50_001, "at most 50000 characters"),
    ],
)
def test_scripts_and_pictures_of_other_sites_are_refused_and_kept_as_typed(
    add_page: Page, typed: str, problem: str
) -> None:
    again = add_page.submit(**{**GUIDE, "text": typed})
    assert problem in problems(again)
    assert (again.field("text"), again.field("title")) == (typed, "A guide")
    assert not Written.objects.exists()


@pytest.mark.parametrize("text", ["<script>alert(1)</script>", "[x](javascript:alert(1))", "[x](data:text/html,y)"])
def test_script_that_was_stored_all_the_same_is_shown_as_text(client: Client, text: str) -> None:
    written(text=text)
    main = read(client, "/guide/").main
    assert main is not None
    assert not main.select("script, a")
    assert text in main.get_text()


def test_page_sets_no_cookie_and_loads_nothing_from_elsewhere(client: Client) -> None:
    written(text="[Elsewhere](https://example.com/) and ![drawing](/static/aitpro/img/walls.svg)")
    response = client.get("/guide/")
    assert not response.cookies
    link = read(client, "/guide/").select_one('main a[href="https://example.com/"]')
    assert link is not None and link["rel"] == ["noopener", "noreferrer"]
    assert "example.com" not in response.headers["Content-Security-Policy"]


def test_affiliates_link_to_a_page_counts_and_leads_there(client: Client, alice: Affiliate) -> None:
    written()
    written(slug="draft", is_published=False)
    assert client.get("/go/DEMO/guide").headers["Location"].startswith("/guide/?ref=DEMO")
    assert client.get("/go/DEMO/draft/").headers["Location"].startswith("/?ref=DEMO")
    assert client.get("/go/DEMO/nowhere%00/").headers["Location"].startswith("/?ref=DEMO")
    assert Click.objects.count() >= 1
    portal = signed_in(alice.user).get("/affiliates/portal/links/").content.decode()
    assert "A guide" in portal


def test_click_with_a_code_on_a_page_is_attributed(client: Client, alice: Affiliate) -> None:
    written()
    response = client.get("/guide/?ref=DEMO")
    assert "aitpro_referral" in response.cookies
    assert response.headers["Link"].endswith('/guide/>; rel="canonical"')


def test_more_pages_cost_no_more_queries(
    client: Client, product: Product, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(9):
        written(slug=f"guide-{number}", place=["menu", "footer", "nowhere"][number % 3])
    with django_assert_num_queries(2):
        client.get("/guide-1/")
    with django_assert_num_queries(5):
        client.get("/")


def test_admin_needs_no_query_for_the_menu(staff: Client) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as queries:
        staff.get("/admin/shop/product/")
    assert not [query for query in queries.captured_queries if "pages_page" in query["sql"]]
