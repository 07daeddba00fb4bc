"""An address that changes leaves a redirect, in one step, and with the affiliate's code."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.redirects.models import Redirect
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from affiliates.models import Affiliate, Click
from aitpro.pages.models import Page as Written
from contacts.models import Service
from shop.models import Order, Product
from tests import factories
from tests.pages.test_pages import problems, written
from tests.shop.paypal_fixtures import paypal_down  # noqa: F401  (a fixture)
from tests.shop.purchases import FORM
from tests.staff_pages import Page

pytestmark = pytest.mark.django_db

ADD = "/admin/redirects/redirect/add/"


def rename(row: Any, slug: str) -> None:
    row.slug = slug
    row.save()


def leads_to(client: Client, path: str) -> str:
    response = client.get(path)
    return response.headers["Location"] if response.status_code == 301 else str(response.status_code)


def table() -> dict[str, str]:
    return dict(Redirect.objects.values_list("old_path", "new_path"))


def test_address_changed_in_the_form_leads_to_the_new_one(staff: Client, client: Client) -> None:
    row = written()
    Page(staff, f"/admin/pages/page/{row.pk}/change/").submit(slug="handbook")
    assert leads_to(client, "/guide/") == "/handbook/"
    assert client.get("/guide", follow=True).redirect_chain[-1][0] == "/handbook/"
    assert client.get("/handbook/").status_code == 200


def test_product_keeps_its_old_page_and_checkout(client: Client, product: Product) -> None:
    rename(product, "guard")
    assert leads_to(client, "/products/bps-pro/") == "/products/guard/"
    assert leads_to(client, "/checkout/bps-pro/") == "/checkout/guard/"


@pytest.mark.usefixtures("paypal_down")
def test_checkout_that_was_open_during_the_change_loses_nothing(client: Client, product: Product) -> None:
    rename(product, "guard")
    response = client.post("/checkout/bps-pro/", FORM)
    assert (response.status_code, response.headers["Location"]) == (308, "/checkout/guard/")
    client.post(response.headers["Location"], FORM)
    assert Order.objects.get().email == FORM["email"]


def test_changes_in_a_row_lead_to_the_last_address_in_one_step(client: Client, product: Product) -> None:
    for slug in ("b", "c", "d"):
        rename(product, slug)
    for old in ("bps-pro", "b", "c"):
        assert leads_to(client, f"/products/{old}/") == "/products/d/"
    rename(product, "b")
    assert client.get("/products/b/").status_code == 200
    assert {leads_to(client, f"/products/{old}/") for old in ("bps-pro", "c", "d")} == {"/products/b/"}
    assert "/products/b/" not in table()


def test_affiliates_code_survives_the_redirect(client: Client, alice: Affiliate, product: Product) -> None:
    rename(product, "guard")
    assert leads_to(client, "/products/bps-pro/?ref=DEMO&sub=x") == "/products/guard/?ref=DEMO&sub=x"
    landed = client.get("/products/bps-pro/?ref=DEMO", follow=True)
    assert landed.status_code == 200
    assert "aitpro_referral" in client.cookies
    assert Click.objects.count() == 1


def test_affiliates_link_to_an_old_address_leads_to_the_new_one(
    client: Client, alice: Affiliate, product: Product
) -> None:
    rename(product, "guard")
    rename(written(), "handbook")
    Redirect.objects.create(site_id=1, old_path="/old.html", new_path="/services/")
    landed = client.get("/go/DEMO/products/bps-pro/", follow=True)
    assert landed.redirect_chain[-1][0].startswith("/products/guard/?ref=DEMO")
    assert client.get("/go/DEMO/guide/").headers["Location"].startswith("/handbook/?ref=DEMO")
    assert client.get("/go/DEMO/old.html").headers["Location"].startswith("/services/?ref=DEMO")
    assert landed.status_code == 200


def test_new_page_at_an_old_address_wins(client: Client, staff: Client) -> None:
    rename(written(), "handbook")
    form = Page(staff, "/admin/pages/page/add/")
    saved = form.submit(title="New", slug="guide", summary="New.", text="New.")
    assert "A redirect led from /guide/ to /handbook/" in saved.text
    assert leads_to(client, "/guide/") == "/handbook/"  # a draft has no page yet
    Written.objects.filter(slug="guide").update(is_published=True)
    assert b"New." in client.get("/guide/").content


def test_draft_leaves_no_redirect_and_a_hidden_change_neither(client: Client) -> None:
    row = written(is_published=False)
    rename(row, "handbook")
    row.title = "Other"
    row.save()
    assert table() == {}


def test_redirect_is_remembered_for_an_hour_only(client: Client, product: Product) -> None:
    """A browser that remembers it forever would never see a new page at the old address."""
    rename(product, "guard")
    assert client.get("/products/bps-pro/").headers["Cache-Control"] == "max-age=3600"


def test_services_page_keeps_the_old_anchor_and_the_quote_button_its_service(client: Client) -> None:
    service = Service.objects.create(slug="design", name="Design", summary="Sites.", text="Sites.")
    rename(service, "web-design")
    page = client.get("/services/").content.decode()
    assert 'id="web-design"' in page
    assert 'id="design"' in page


def test_secret_addresses_are_not_looked_up(
    client: Client, product: Product, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    factories.order(product)
    with django_assert_num_queries(2):  # the order, and the menu
        assert client.get("/orders/none/").status_code == 404


@pytest.mark.parametrize(
    "path", ["/a%00b/", "/" + "x" * 3000 + "/", "/%ff/", "/%2f/evil.example/", "/a%0d%0aSet-Cookie:x/"]
)
def test_strange_address_is_not_found(client: Client, path: str) -> None:
    assert client.get(path).status_code in {400, 404}


def test_staff_add_a_redirect_to_the_final_address(staff: Client, client: Client) -> None:
    rename(written(), "handbook")
    saved = Page(staff, ADD).submit(old_path="/old-guide.html", new_path="http://127.0.0.1:8000/guide/")
    assert "was added successfully" in saved.text
    assert leads_to(client, "/old-guide.html?ref=X") == "/handbook/?ref=X"
    assert Redirect.objects.get(old_path="/old-guide.html").new_path == "/handbook/"


def test_redirects_to_an_old_address_follow_a_new_one(staff: Client, client: Client) -> None:
    Page(staff, ADD).submit(old_path="/b.html", new_path="/c.html")
    Page(staff, ADD).submit(old_path="/a.html", new_path="/b.html")
    Page(staff, ADD).submit(old_path="/c.html", new_path="/services/")
    assert table() == dict.fromkeys(["/a.html", "/b.html", "/c.html"], "/services/")


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("/old/", "https://evil.example/", "Other sites are refused"),
        ("/old/", "//evil.example/", "Other sites are refused"),
        ("/old/", "/\\evil.example/", "Other sites are refused"),
        ("/old/", "javascript:alert(1)", "Other sites are refused"),
        ("https://evil.example/", "/services/", "Other sites are refused"),
        ("/services/", "/about/", "/services/ has a page of its own"),
        ("/products/bps-pro/", "/about/", "has a page of its own"),
        ("/", "/about/", "has a page of its own"),
        ("/old/?x=1", "/about/", "Leave out what follows"),
        ("/old/", "/old/", "lead back"),
        ("/old/", "/old", "lead back"),
        ("/old", "/old/", "lead back"),
        ("/old/", "/%6fld/", "lead back"),
        ("/%6fld/", "/old/", "lead back"),
        ("/old/", "/%256fld/", "lead back"),
        ("/old/", "/old/#x", "lead back"),
        ("/old/", "/./old/", "lead back"),
        ("/old/", "/x/../old/", "lead back"),
        ("/old/", "/old/?x=1", "Leave out what follows"),
        ("/old/", "/about/%3fx=1", "Leave out what follows"),
        ("/taken.html/", "/other.html/", "lead back"),
        ("/old/", "/%2fevil.example/", "Other sites are refused"),
        ("/admin", "/about/", "has a page of its own"),
        ("/Admin/", "/about/", "has a page of its own"),
        ("/accounts/login", "/about/", "has a page of its own"),
        ("/accounts/sign-in/", "/about/", "has a page of its own"),
        ("/privacy", "/about/", "has a page of its own"),
        ("/privacy/evidence", "/about/", "has a page of its own"),
        ("/products/bps-pro", "/about/", "has a page of its own"),
        ("/%61dmin", "/about/", "has a page of its own"),
        ("/orders/", "/about/", "has a page of its own"),
        ("/login/", "/about/", "has a page of its own"),
        ("/other.html/", "/about/", "already leads to"),
        ("/other.html", "/about/", "already leads to"),
        ("/second.html", "/other.html#x", ""),
        ("/taken.html", "/other.html", "lead back"),
    ],
)
def test_redirect_that_leads_elsewhere_or_nowhere_is_refused_and_kept_as_typed(
    staff: Client, product: Product, old: str, new: str, problem: str
) -> None:
    Redirect.objects.create(site_id=1, old_path="/other.html", new_path="/taken.html")
    again = Page(staff, ADD).submit(old_path=old, new_path=new)
    if not problem:
        assert "was added successfully" in again.text
        return
    assert problem in problems(again)
    assert again.field("new_path") == new
    assert Redirect.objects.count() == 1


def test_target_elsewhere_that_was_stored_all_the_same_is_not_followed(client: Client) -> None:
    for target in ("https://evil.example/", "//evil.example/", "/\\evil.example"):
        Redirect.objects.update_or_create(site_id=1, old_path="/old/", defaults={"new_path": target})
        assert client.get("/old/").status_code == 404


def test_redirect_that_was_stored_all_the_same_neither_loops_nor_beats_a_page(client: Client, product: Product) -> None:
    for old, new in (("/a/", "/a"), ("/b/", "/%62/"), ("/c/", "/c/?x=1"), ("/d", "/./d/")):
        Redirect.objects.create(site_id=1, old_path=old, new_path=new)
        assert client.get(f"{old.rstrip('/')}/").status_code == 404
    for taken in ("/privacy", "/products/bps-pro"):
        Redirect.objects.create(site_id=1, old_path=taken, new_path="/about/")
        assert client.get(taken).headers["Location"] == f"{taken}/"


def test_loop_in_three_steps_is_refused(staff: Client) -> None:
    for old, new in (("/x.html", "/guide.html#x"), ("/guide.html", "/y.html")):
        Page(staff, ADD).submit(old_path=old, new_path=new)
    assert "lead back" in problems(Page(staff, ADD).submit(old_path="/y.html", new_path="/x.html"))
