"""Last month of the shop and its files, as the bookkeeper's helper fetches them."""

from __future__ import annotations

import csv
from decimal import Decimal
from io import StringIO

from playwright.sync_api import Page, expect

from tests.browser.conftest import Visit
from tests.browser.test_walks import buy, sign_in
from tests.running_site import RunningSite


def gross_of(page: Page) -> str:
    return page.locator(".figures > div", has_text="Gross").locator("strong").inner_text()


def test_last_month_is_one_click_away_and_a_file_of_orders_another(site: RunningSite, visit: Visit) -> None:
    buy(visit("/products/bps-pro/"), "rosa@example.org")
    page = visit("/admin/")
    sign_in(page, site, "staff")
    page.get_by_role("link", name="Reports", exact=True).first.click()
    expect(page.locator(".period-presets [aria-current]")).to_have_text("Last month")
    page.get_by_role("link", name="This month").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Sales, ")
    expect(page.get_by_role("img", name="Net sales")).to_be_visible()
    with page.expect_download() as download:
        page.locator(".downloads").get_by_role("link", name="Orders").click()
    rows = list(csv.DictReader(StringIO(download.value.path().read_text(encoding="utf-8-sig"))))
    total = sum((Decimal(row["amount"]) for row in rows if row["currency"] == "USD"), Decimal(0))
    assert rows
    assert gross_of(page) == f"${total:,.2f}"
    assert "Direct" in {row["route"] for row in rows}


def test_senseless_period_is_explained_on_a_phone_too(site: RunningSite, visit: Visit) -> None:
    page = visit("/admin/shop/reports/?since=1900-01-01&until=9999-12-31")
    sign_in(page, site, "staff")
    page.set_viewport_size({"width": 320, "height": 800})
    expect(page.get_by_role("main")).to_contain_text("Please choose days from January 1, 2000")
    page.get_by_role("link", name="This year").click()
    expect(page.get_by_role("img", name="Net sales")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
