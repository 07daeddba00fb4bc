"""The link builder: every form leads to a page of this site, and testing a link counts nothing."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import urlencode

import pytest
from bs4 import BeautifulSoup
from django.test import Client
from django.utils import timezone
from time_machine import Traveller

from affiliates.models import Affiliate, Click, PendingVisitCount
from affiliates.statistics.daily_statistics import Statistics, statistics_by_period
from affiliates.tracking.labels import declare_label
from shop.models import Product
from tests.affiliates.portal.pages import PORTAL
from tests.cast import signed_in

pytestmark = pytest.mark.usefixtures("clock")

LINKS = f"{PORTAL}links/"
IN_FIREFOX = {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0"}


def page_of(affiliate: Affiliate, **query: str) -> BeautifulSoup:
    response = signed_in(affiliate.user).get(f"{LINKS}?{urlencode(query)}")
    assert response.status_code == 200
    return BeautifulSoup(response.content, "html.parser")


def boxes(page: BeautifulSoup) -> list[str]:
    return [box.get_text() for box in page.select(".copy-box")]


def trial_of(affiliate: Affiliate, **query: str) -> str:
    link = page_of(affiliate, **query).find("a", string="Test this link")
    assert link is not None
    return str(link["href"]).replace("http://127.0.0.1:8000", "")


def counted(affiliate: Affiliate) -> Statistics:
    today = timezone.now().date()
    return statistics_by_period(affiliate, since=today, until=today, currency="USD")[today]


def test_links_page_creates_every_form_of_link(alice: Affiliate, product: Product) -> None:
    declare_label(affiliate=alice, text="may")
    found = boxes(page_of(alice, page="/products/bps-pro/", sub="may"))
    assert [link.partition("//")[2].partition("/")[2] for link in found[:2]] == [
        "go/DEMO/products/bps-pro/?sub=may",
        "products/bps-pro/?ref=DEMO&sub=may",
    ]
    assert found[2] == "DEMO"


@pytest.mark.parametrize("form", [0, 1])
def test_each_form_of_link_counts_under_its_label(alice: Affiliate, product: Product, form: int) -> None:
    label = declare_label(affiliate=alice, text="may and june")
    link = boxes(page_of(alice, page="/products/bps-pro/", sub="may and june"))[form]
    response = Client().get(link, headers=IN_FIREFOX, follow=True)
    assert response.status_code == 200
    click = Click.objects.get()
    assert (click.label_id, click.landing_path) == (label.pk, "/products/bps-pro/")


@pytest.mark.parametrize("page", ["https://evil.example/", "//evil.example/", "/admin/", "/orders/", "x" * 3000])
def test_link_to_unknown_page_leads_to_home(alice: Affiliate, page: str) -> None:
    found = page_of(alice, page=page, sub="may")
    assert "is not one of the available choices" in found.get_text()
    assert boxes(found)[0].endswith("/go/DEMO/")


@pytest.mark.parametrize("sub", ["undeclared", "x" * 65, "line\nbreak", "\x00", "<script>alert(1)</script>"])
def test_undeclared_label_is_in_no_link(alice: Affiliate, sub: str) -> None:
    found = page_of(alice, page="/", sub=sub)
    assert found.select(".field-bad")
    assert boxes(found)[0].endswith("/go/DEMO/")
    assert not found.select("main script")


def test_links_page_offers_only_products_on_sale(alice: Affiliate, product: Product) -> None:
    assert page_of(alice).find("option", value="/products/bps-pro/")
    Product.objects.update(is_active=False)
    assert not page_of(alice).find("option", value="/products/bps-pro/")


def test_qr_code_is_inline_svg_without_style(alice: Affiliate) -> None:
    page = page_of(alice)
    assert page.select_one(".qr svg path")
    assert not page.select("[style]")
    assert page.select_one(".qr")["aria-label"].endswith("/go/DEMO/")  # type: ignore[index, union-attr]


def test_qr_code_can_be_downloaded(alice: Affiliate, product: Product) -> None:
    declare_label(affiliate=alice, text="flyer")
    link = page_of(alice, page="/products/bps-pro/", sub="flyer").find("a", string="Download the QR code")
    response = signed_in(alice.user).get(str(link["href"]))  # type: ignore[index]
    assert response["Content-Type"] == "image/svg+xml"
    assert response["Content-Disposition"] == 'attachment; filename="link-DEMO.svg"'
    other = signed_in(alice.user).get(f"{LINKS}qr.svg?page=/")
    assert response.content.startswith(b"<?xml")
    assert response.content != other.content


def test_link_test_reports_tracking_and_counts_nothing(alice: Affiliate, product: Product) -> None:
    visitor = Client()
    declare_label(affiliate=alice, text="may")
    response = visitor.get(trial_of(alice, page="/products/bps-pro/", sub="may"), headers=IN_FIREFOX)
    text = BeautifulSoup(response.content, "html.parser").get_text(" ", strip=True)
    assert "Your link works" in text
    assert "/products/bps-pro/" in text
    assert "until April 1, 2026, 12:00 UTC" in text
    assert not response.cookies
    assert not visitor.cookies
    assert "style-src 'self'" in response.headers["Content-Security-Policy"]
    assert (Click.objects.count(), PendingVisitCount.objects.count(), counted(alice)) == (0, 0, Statistics())
    visitor.get("/go/DEMO/", headers=IN_FIREFOX)
    assert counted(alice).clicks == 1


def test_link_test_reports_browser_that_refuses_tracking(alice: Affiliate) -> None:
    response = Client().get(trial_of(alice), headers={**IN_FIREFOX, "Sec-GPC": "1"})
    assert b"asks not to be tracked" in response.content
    assert counted(alice) == Statistics()


def test_link_test_expires_after_an_hour(alice: Affiliate, clock: Traveller) -> None:
    link = trial_of(alice)
    clock.shift(timedelta(hours=1, seconds=1))
    assert b"This test has expired" in Client().get(link, headers=IN_FIREFOX).content
    assert counted(alice) == Statistics()


@pytest.mark.parametrize("token", ["", "forged", "DEMO:1:x", "x" * 2000, "%00"])
def test_forged_link_test_is_rejected(alice: Affiliate, token: str) -> None:
    response = Client().get(f"/go/DEMO/?test={token}", headers=IN_FIREFOX)
    assert response.status_code == 200
    assert b"This test has expired" in response.content
    assert counted(alice) == Statistics()


def test_link_test_does_not_repeat_undeclared_label(alice: Affiliate) -> None:
    link = trial_of(alice) + "&sub=jane.doe@example.com"
    text = Client().get(link, headers=IN_FIREFOX).content.decode()
    assert "Your link works" in text
    assert "this label is not in the account" in text
    assert "jane.doe" not in text


def test_link_test_is_valid_for_one_code(alice: Affiliate, erin: Affiliate) -> None:
    assert b"Your link works" in Client().get(trial_of(alice), headers=IN_FIREFOX).content
    link = trial_of(alice).replace("/go/DEMO/", "/go/ERIN/")
    assert b"This test has expired" in Client().get(link, headers=IN_FIREFOX).content


def paste(affiliate: Affiliate, address: str) -> BeautifulSoup:
    response = signed_in(affiliate.user).post(LINKS, {"address": address}, follow=True)
    assert response.status_code == 200
    return BeautifulSoup(response.content, "html.parser")


@pytest.mark.parametrize(
    ("address", "path"),
    [
        ("http://127.0.0.1:8000/products/bps-pro/?utm_source=mail&ref=ERIN#price", "products/bps-pro/"),
        ("127.0.0.1:8000/products/bps-pro", "products/bps-pro/"),
        ("  https://127.0.0.1/services/  ", "services/"),
        ("/contact/", "contact/"),
        ("http://127.0.0.1:8000/go/ERIN/products/bps-pro/?sub=may", "products/bps-pro/"),
        ("http://127.0.0.1:8000/go/ERIN", ""),
        ("http://127.0.0.1:8000", ""),
    ],
)
def test_pasted_address_of_a_page_becomes_a_link(alice: Affiliate, product: Product, address: str, path: str) -> None:
    found = paste(alice, address)
    assert boxes(found)[0].endswith(f"/go/DEMO/{path}")
    assert not found.select(".field-bad")


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("https://evil.example/products/bps-pro/", "This address is not on 127.0.0.1"),
        ("https://127.0.0.1@evil.example/", "This address is not on 127.0.0.1"),
        ("//evil.example/", "This address is not on 127.0.0.1"),
        ("javascript://127.0.0.1/%0aalert(1)", "It should start with https://"),
        ("http://[::1/", "This is not the address of a page"),
        ("http://127.0.0.1:8000/products/gone/", "This product is not for sale"),
        ("http://127.0.0.1:8000/nowhere/", "There is no page at this address"),
        ("http://127.0.0.1:8000/admin/", "Links can't lead to this page"),
        ("http://127.0.0.1:8000/affiliates/portal/", "Links can't lead to this page"),
        ("", "Paste the address of a page"),
    ],
)
def test_pasted_address_without_a_link_gets_a_reason_and_stays_as_typed(
    alice: Affiliate, product: Product, address: str, reason: str
) -> None:
    found = paste(alice, address)
    assert reason in found.get_text()
    field = found.select_one("input[name=address]")
    assert field is not None
    assert field.get("value", "") == address
    assert boxes(found)[0].endswith("/go/DEMO/")


def test_pasted_address_does_not_appear_in_an_address_of_ours(alice: Affiliate, product: Product) -> None:
    response = signed_in(alice.user).post(LINKS, {"address": "/products/bps-pro/?email=carol@example.org"})
    assert response.headers["Location"] == f"{LINKS}?page=%2Fproducts%2Fbps-pro%2F"
