"""The front pages say what ships until staff write something else."""

from __future__ import annotations

import json

import pytest
from django.conf import settings as django_settings
from django.test import Client
from pytest_django import Settings

from affiliates.models import Creative
from aitpro.pages.models import FrontPage, FrontPageSection, SiteQuestion
from contacts.models import Service
from shop.models import Product
from tests.pages.test_pages import problems, read
from tests.staff_pages import Page

pytestmark = pytest.mark.django_db

PAGES = {"home": "/", "services": "/services/", "about": "/about/", "support": "/support/"}


def change(staff: Client, name: str) -> Page:
    return Page(staff, f"/admin/pages/frontpage/{name}/change/")


def words(client: Client, address: str) -> str:
    main = read(client, address).main
    assert main is not None
    return " ".join(main.get_text(" ").split())


@pytest.mark.parametrize("address", PAGES.values())
def test_page_is_the_same_with_the_rows_of_migrate_and_without(client: Client, address: str) -> None:
    with_rows = client.get(address).content
    assert FrontPage.objects.count() == len(PAGES)
    FrontPage.objects.all().delete()
    assert client.get(address).content == with_rows


def test_shipped_texts_are_on_the_pages(client: Client) -> None:
    assert words(client, "/").startswith("Websites made with care, and kept safe. AITpro designs websites")
    steps = read(client, "/services/").select(".as-steps > ol > li")
    assert [step.h3.get_text() for step in steps if step.h3] == [
        "You write to us",
        "We follow up",
        "You get the quote",
        "You decide",
    ]
    assert "About AITpro" in words(client, "/about/")
    assert "Most questions have a short way to an answer" in words(client, "/support/")


@pytest.mark.parametrize(("name", "address"), PAGES.items())
def test_staff_change_headline_introduction_and_add_a_section(
    staff: Client, client: Client, name: str, address: str
) -> None:
    form = change(staff, name)
    assert form.field("headline") in words(client, address)
    section = {"sections-0-heading": "Our workshop", "sections-0-text": "We *build*."}
    form.submit(headline="Oak, by hand.", introduction="We build kitchens.", **section)
    text = words(client, address)
    for own in ("Oak, by hand.", "We build kitchens.", "Our workshop", "We build ."):
        assert own in text
    assert len(read(client, address).select("h1")) == 1


def test_page_that_is_saved_unchanged_still_follows_the_settings(
    staff: Client, client: Client, settings: Settings
) -> None:
    for name in PAGES:
        assert "was changed successfully" in change(staff, name).submit().text
    settings.BUSINESS = {**django_settings.BUSINESS, "headline": "Oak, by hand.", "description": "We build kitchens."}
    assert words(client, "/").startswith("Oak, by hand. We build kitchens.")
    assert not FrontPageSection.objects.exists()


def test_emptied_text_is_the_shipped_one_again(staff: Client, client: Client) -> None:
    change(staff, "services").submit(headline="What we do", section_text="We call you.")
    assert "We call you." in words(client, "/services/")
    change(staff, "services").submit(headline="", section_text="")
    assert words(client, "/services/").startswith("Services ")
    assert "You write to us" in words(client, "/services/")


@pytest.mark.parametrize("name", PAGES)
def test_preview_of_a_front_page_saves_nothing(staff: Client, client: Client, name: str) -> None:
    preview = change(staff, name).submit(headline="Not yet public", _preview="")
    assert "This is a preview" in preview.text
    assert "Not yet public" in preview.text
    assert "Not yet public" not in words(client, PAGES[name])


def test_html_in_a_text_is_refused_and_kept_as_typed(staff: Client) -> None:
    again = change(staff, "services").submit(section_text="<script>alert(1)</script>", headline="Mine")
    assert "without HTML such as" in problems(again)
    assert again.field("section_text") == "<script>alert(1)</script>"
    assert again.field("headline") == "Mine"


def test_home_page_tells_search_engines_the_introduction(staff: Client, client: Client) -> None:
    change(staff, "home").submit(introduction="We build kitchens.")
    assert read(client, "/").select_one('meta[name=description][content="We build kitchens."]')


def test_front_pages_are_neither_added_nor_deleted(staff: Client) -> None:
    assert staff.get("/admin/pages/frontpage/add/").status_code == 403
    assert staff.post("/admin/pages/frontpage/home/delete/", {"post": "yes"}).status_code == 403


def test_question_is_answered_on_the_support_page(staff: Client, client: Client) -> None:
    assert "Questions and answers" not in words(client, "/support/")
    add = Page(staff, "/admin/pages/sitequestion/add/")
    typed = {"question": "Do you travel?", "answer": "Only *by train*."}
    assert "Do you travel?" in add.submit(**typed, _preview="").text
    assert not SiteQuestion.objects.exists()
    add.submit(**typed)
    support = read(client, "/support/")
    assert support.select_one("details summary:-soup-contains('Do you travel?')")
    assert support.select_one("details em:-soup-contains('by train')")
    [block] = support.select('script[type="application/ld+json"]')
    assert json.loads(block.get_text())["mainEntity"][0]["name"] == "Do you travel?"


def test_answer_with_a_script_is_refused(staff: Client) -> None:
    add = Page(staff, "/admin/pages/sitequestion/add/")
    again = add.submit(question="Do you travel?", answer="<script>x</script>")
    assert "without HTML" in problems(again)
    assert again.field("question") == "Do you travel?"


def test_service_is_previewed_and_seen_on_the_site_while_it_is_offered(staff: Client, client: Client) -> None:
    service = Service.objects.create(slug="design", name="Design", summary="Sites.", text="We design.")
    form = Page(staff, f"/admin/contacts/service/{service.pk}/change/")
    assert form.soup.select_one('a[href="/services/#design"]')
    preview = form.submit(text="We *also* paint.", _preview="")
    assert "This is a preview" in preview.text
    assert "We also paint." in preview.text
    assert "We design." in words(client, "/services/")
    form.submit(is_offered="")
    assert not Page(staff, form.address).soup.select_one('a[href="/services/#design"]')


def test_product_is_seen_on_the_site_while_it_is_on_sale(staff: Client, product: Product) -> None:
    address = f"/admin/shop/product/{product.pk}/change/"
    assert Page(staff, address).soup.select_one('a[href="/products/bps-pro/"]')
    Product.objects.update(is_active=False)
    assert not Page(staff, address).soup.select_one('a[href="/products/bps-pro/"]')


def test_creative_with_an_image_is_seen_as_other_sites_show_it(staff: Client) -> None:
    text = Creative.objects.create(name="A sentence", words="Guards a site.")
    image = Creative.objects.create(name="A banner", words="Guards.", image="banner.png", width=1, height=1)
    for creative, links in ((text, 0), (image, 1)):
        page = Page(staff, f"/admin/affiliates/creative/{creative.pk}/change/")
        assert len(page.soup.select(f'a[href="/affiliates/creatives/{creative.pk}/"]')) == links
