"""Staff find a person by what they have: an address out of a mail, a number, half a name."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.browser.conftest import Visit
from tests.browser.looks import DESK, problems_of
from tests.browser.test_walks import buy, sign_in
from tests.running_site import RunningSite

BUYER = "paz.people@example.org"


def search(page: Page, text: str) -> None:
    page.get_by_role("search").get_by_role("searchbox").fill(text)
    page.keyboard.press("Enter")


def assert_looks_right(page: Page) -> None:
    assert problems_of(page) == []
    page.set_viewport_size(DESK)
    page.reload()


def test_staff_find_a_buyer_by_address_number_and_name(site: RunningSite, visit: Visit) -> None:
    shop = visit("/products/bps-pro/")
    buy(shop, BUYER)
    number = re.search(r"\bB[0-9A-Z]{9}\b", shop.get_by_role("main").inner_text())
    assert number is not None

    page = visit("/admin/")
    sign_in(page, site, "staff")
    search(page, f"Paz <{BUYER}>,")
    card = page.get_by_role("region", name="Person")
    expect(card).to_contain_text(BUYER)
    expect(card).to_contain_text("1 order")
    assert_looks_right(page)
    results = page.url
    assert "paz" not in results

    card.get_by_role("link", name="Carol Customer").click()
    expect(page).to_have_url(re.compile("/admin/people/"))
    expect(page.get_by_role("heading", name="Orders")).to_be_visible()
    assert_looks_right(page)
    page.go_back()  # repeats the search instead of asking whether to send the form again
    expect(page).to_have_url(results)
    expect(page.get_by_role("main").get_by_role("searchbox")).to_have_value(f"Paz <{BUYER}>,")

    search(page, f"#{number[0].lower()}")
    expect(page).to_have_url(re.compile("/admin/shop/order/.*/change/"))
    search(page, "CUSTOMÉR caro")
    expect(page.get_by_role("link", name=number[0])).to_be_visible()

    search(page, "nobody at all")
    expect(page.get_by_role("heading", name="Nothing was found")).to_be_visible()
    assert_looks_right(page)
