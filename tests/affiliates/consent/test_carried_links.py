"""With `AFFILIATE_CONSENT=link`, the token rides in links to this site's own public pages, and nowhere else."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
import time_machine
from bs4 import BeautifulSoup
from django.test import Client, RequestFactory
from pytest_django import Settings

from affiliates.models import Affiliate
from affiliates.tracking.carried_links import carried
from affiliates.tracking.link_token import LinkToken
from affiliates.tracking.referral_cookie import attach_referral
from aitpro.pages.models import Page
from aitpro.traffic.middleware import _may_be_looked_up
from shop.models import Payment, Product
from tests.affiliates.consent.pages import land
from tests.conftest import NOON
from tests.shop.purchases import FORM
from tests.standin_process import Standin

PUBLIC = ["/", "/services/", "/products/", "/products/bps-pro/", "/contact/", "/privacy/", "/affiliates/", "/support/"]


@pytest.fixture(autouse=True)
def _cast(settings: Settings, clock: time_machine.Traveller, alice: Affiliate, product: Product) -> None:
    settings.AFFILIATE_CONSENT = "link"


@pytest.fixture
def token(client: Client) -> str:
    return land(client, "/go/DEMO/")[0].partition("sent_by=")[2]


def links_on(html: str) -> set[str]:
    return {str(link["href"]) for link in BeautifulSoup(html, "html.parser").select("a[href]")}


@pytest.mark.parametrize("page", PUBLIC)
def test_all_links_to_public_pages_carry_the_token(client: Client, token: str, page: str) -> None:
    plain = links_on(client.get(page).content.decode())
    html = client.get(f"{page}?sent_by={token}").content.decode()
    found = links_on(html)
    assert len(found) == len(plain)
    with_token = {urlsplit(link).path for link in found if f"sent_by={token}" in link}
    without = {link for link in found if f"sent_by={token}" not in link}
    assert {"/", "/products/", "/services/", "/contact/", "/privacy/", "/privacy/referral/"} <= with_token
    for link in without:
        assert link.startswith(
            ("#", "mailto:", "tel:", "http", "/accounts/", "/affiliates/portal/", "/.well-known/")
        ), link
    assert not with_token & {"/accounts/login/", "/affiliates/portal/", "/admin/"}


def test_whole_way_from_link_to_checkout_keeps_the_token(client: Client, token: str) -> None:
    address = f"/?sent_by={token}"
    for step in ("/products/", "/products/bps-pro/", "/checkout/bps-pro/"):
        links = links_on(client.get(address).content.decode())
        address = next(link for link in sorted(links) if urlsplit(link).path == step)
    assert address == f"/checkout/bps-pro/?sent_by={token}"
    form = BeautifulSoup(client.get(address).content, "html.parser").select_one("main form[method=post]")
    assert form is not None
    assert not form.get("action")  # so that it is sent to this address


def test_page_without_a_token_is_unchanged(client: Client) -> None:
    assert "sent_by=" not in client.get("/").content.decode()


def test_canonical_address_and_sitemap_do_not_carry_the_token(client: Client, token: str) -> None:
    response = client.get(f"/products/bps-pro/?sent_by={token}")
    page = BeautifulSoup(response.content, "html.parser")
    canonical = "http://127.0.0.1:8000/products/bps-pro/"
    assert str(page.select_one("link[rel=canonical]")["href"]) == canonical  # type: ignore[index]
    assert response.headers["Link"] == f'<{canonical}>; rel="canonical"'
    assert token not in str(page.head)
    assert "sent_by=" not in client.get(f"/sitemap.xml?sent_by={token}").content.decode()


def test_other_sites_do_not_see_the_token(client: Client, token: str) -> None:
    response = client.get(f"/contact/?sent_by={token}")
    assert response.headers["Referrer-Policy"] == "strict-origin-when-cross-origin"
    html = '<a href="https://other.example/x/">x</a><a href="//other.example/">y</a><a href="/\\other.example/">z</a>'
    assert carried(html, "/", token) == html


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ('<a href="/services/">x</a>', '<a href="/services/?sent_by=T">x</a>'),
        ('<a class="b"\n   href="/services/#top">x</a>', '<a class="b"\n   href="/services/?sent_by=T#top">x</a>'),
        ('<a href="/affiliates/?sales=2">x</a>', '<a href="/affiliates/?sales=2&amp;sent_by=T">x</a>'),
        ('<a href="?page=2">x</a>', '<a href="?page=2&amp;sent_by=T">x</a>'),
        ('<a href="/services/?sent_by=">x</a>', '<a href="/services/?sent_by=">x</a>'),
        ('<a href="#top">x</a>', '<a href="#top">x</a>'),
        ('<a href="/orders/secret/">x</a>', '<a href="/orders/secret/">x</a>'),
        ('<a href="/privacy/evidence.json">x</a>', '<a href="/privacy/evidence.json">x</a>'),
        ('<a href="/static/aitpro/logo.svg">x</a>', '<a href="/static/aitpro/logo.svg">x</a>'),
        ('<a href="/go/ERIN/">x</a>', '<a href="/go/ERIN/">x</a>'),
        ('<a href="/admin/">x</a>', '<a href="/admin/">x</a>'),
        ('<a href="/admin/affiliates/reports/">x</a>', '<a href="/admin/affiliates/reports/">x</a>'),
        ('<a data-href="/services/">x</a>', '<a data-href="/services/">x</a>'),
        ('<abbr title="/services/">x</abbr>', '<abbr title="/services/">x</abbr>'),
        ('<link rel="canonical" href="/services/">', '<link rel="canonical" href="/services/">'),
        ("&lt;a href=&quot;/services/&quot;&gt;", "&lt;a href=&quot;/services/&quot;&gt;"),
        (
            '<form method="post" action="/contact/">',
            '<form method="post" action="/contact/?sent_by=T">',
        ),
        (
            '<form class="x" method="get" action="#earnings">',
            '<form class="x" method="get" action="#earnings"><input type="hidden" name="sent_by" value="T">',
        ),
    ],
)
def test_only_links_and_forms_to_public_pages_are_changed(html: str, expected: str) -> None:
    assert carried(html, "/services/", "T") == expected


def test_form_by_get_keeps_the_token(client: Client, token: str) -> None:
    page = BeautifulSoup(client.get(f"/affiliates/?sent_by={token}").content, "html.parser")
    form = page.select_one("form[method=get]")
    assert form is not None
    assert {str(field["name"]) for field in form.select("input")} == {"sales", "sent_by"}
    assert f'value="{token}"' in str(form)


def test_redirect_after_a_form_keeps_the_token(client: Client, token: str) -> None:
    fields = {"name": "Dave", "email": "dave@example.org", "kind": "question", "message": "Does it work with nginx?"}
    sent = client.post(f"/contact/?sent_by={token}", fields)
    assert sent.status_code == 302
    assert sent.headers["Location"].endswith(f"?sent_by={token}")
    thanks = client.get(sent.headers["Location"]).content.decode()
    assert f'href="/products/?sent_by={token}"' in thanks


def test_paypal_and_the_private_order_page_get_no_token(client: Client, token: str, paypal: Standin) -> None:
    query = f"?sent_by={token}"
    client.get(f"/checkout/bps-pro/{query}")
    to_paypal = client.post(f"/checkout/bps-pro/{query}", FORM)
    payment = Payment.objects.get()
    assert payment.order.attribution.affiliate.code == "DEMO"
    assert to_paypal.headers["Location"] == payment.approve_url
    assert to_paypal.headers["Referrer-Policy"] == "same-origin"
    returned = urlsplit(paypal.decide(payment.approve_url))
    assert "sent_by" not in returned.query
    receipt = client.get(f"{returned.path}?{returned.query}")
    assert receipt.status_code == 302
    assert "sent_by" not in receipt.headers["Location"]
    assert token not in client.get(f"{receipt.headers['Location']}{query}").content.decode()


def test_links_in_texts_of_the_staff_carry_the_token(client: Client, token: str) -> None:
    text = "[Our services](/services/) and [others](https://other.example/)"
    page = Page.objects.create(title="A guide", slug="guide", summary="How.", text=text, is_published=True)
    links = links_on(client.get(f"{page.get_absolute_url()}?sent_by={token}").content.decode())
    assert f"/services/?sent_by={token}" in links
    assert "https://other.example/" in links


def test_only_visits_without_a_token_are_direct() -> None:
    requests = RequestFactory()
    for address, is_direct in {
        "/services/": True,
        f"/services/?sent_by={LinkToken('DEMO', NOON).signed}": False,
    }.items():
        request = requests.get(address)
        attach_referral(request)
        assert _may_be_looked_up(request) is is_direct
