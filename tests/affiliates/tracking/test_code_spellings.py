"""A code works however a buyer types it, and a link however it was copied."""

from __future__ import annotations

import pytest
from django.test import Client

from affiliates.models import Affiliate, Attribution, Click
from tests import factories
from tests.shop.purchases import FORM, place

pytestmark = pytest.mark.usefixtures("clock", "product", "paypal_down")

SPELLINGS = {
    "small letters and spaces": "  de-mo_1 ",
    "a number sign": "#DE-MO_1",
    "an at sign": "@De-Mo_1",
    "spaces within": "DE - MO _ 1",
    "no-break spaces": "\u00a0DE-MO_1\u202f",
    "quotation marks": "\u201cDE-MO_1\u201d,",
    "full-width letters": "\uff24\uff25\uff0d\uff2d\uff2f\uff3f\uff11",
    "a full-width number sign": "\uff03DE-MO_1",
    "a dash for the hyphen": "DE\u2013MO_1",
    "a link": "https://www.example.com/go/DE-MO_1/",
    "a link without its last slash": "https://www.example.com/go/de-mo_1",
    "a link to a page": "www.example.com/go/DE-MO_1/products/bps-pro/?sub=mail",
    "a link on a page": "https://www.example.com/products/bps-pro/?sub=mail&ref=DE-MO_1#top",
    "the end of a link": "?ref=de-mo_1",
    "an escaped link": "https://www.example.com/go/DE%2DMO_1/",
    "a link in brackets": "<https://www.example.com/go/DE-MO_1>",
}
OTHERS = ["DE-MO", "DE-MO_1x", "https://www.example.com/products/bps-pro/", "/go/", "@#", "\u0394E-MO_1"]


@pytest.fixture
def alice(db: None) -> Affiliate:
    """Alice, whose code has everything that a code may have."""
    return factories.affiliate("alice@example.com", "DE-MO_1")


@pytest.mark.parametrize("typed", SPELLINGS.values(), ids=SPELLINGS)
def test_checkout_accepts_spellings_of_code(client: Client, alice: Affiliate, typed: str) -> None:
    attribution = place(client, code=typed).attribution
    assert (attribution.affiliate, attribution.route) == (alice, Attribution.Route.CODE)


@pytest.mark.parametrize("typed", OTHERS)
def test_checkout_rejects_unknown_code_and_keeps_it_in_form(client: Client, alice: Affiliate, typed: str) -> None:
    page = client.post("/checkout/bps-pro/", {**FORM, "code": typed})
    assert page.status_code == 200
    assert "code doesn&#x27;t exist." in page.content.decode()
    assert page.context["form"]["code"].value() == typed
    assert not Attribution.objects.exists()


@pytest.mark.parametrize(
    "address", ["/go/%23DE-MO_1/", "/go/%40de-mo_1/", "/go/DE-MO_1%20/", "/go/%EF%BC%A4E-MO_1/", "/?ref=%40DE-MO_1%20"]
)
def test_link_works_however_it_was_copied(client: Client, alice: Affiliate, address: str) -> None:
    assert client.get(address).status_code in {200, 302}
    assert [click.affiliate for click in Click.objects.all()] == [alice]
