"""The frame of the admin and its first page, as staff use them: by keyboard, on a phone, in the dark."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Visit
from tests.browser.looks import DESK, NARROW, problems_of
from tests.browser.test_walks import sign_in, tab_to
from tests.running_site import RunningSite


@pytest.fixture
def today(site: RunningSite, visit: Visit) -> Page:
    """The first page of a member of staff who has just signed in."""
    page = visit("/admin/")
    sign_in(page, site, "staff")
    page.set_viewport_size(DESK)
    expect(page.get_by_role("heading", level=1)).to_have_text("Today")
    return page


def test_morning_begins_with_work_figures_and_orders(today: Page) -> None:
    expect(today.get_by_role("region", name="To do")).to_be_visible()
    figures = today.get_by_role("table", name="Figures of today")
    for period in ("Today", "Last 7 days", "This month"):
        expect(figures.get_by_role("rowheader", name=period)).to_be_visible()
    for name in ("Orders", "Net sales", "Refunds", "Commissions", "Visits"):
        expect(figures.get_by_role("columnheader", name=name)).to_be_visible()
    expect(today.get_by_role("img", name="Net sales, last 30 days")).to_be_visible()
    today.get_by_role("region", name="To do").get_by_role("link").first.click()
    expect(today.locator("#result_list, #content-main").first).to_be_visible()


def test_daily_lists_are_reached_without_a_mouse(today: Page) -> None:
    today.goto("/admin/")
    tab_to(today, "Skip to main content")
    tab_to(today, "Inbox")
    today.keyboard.press("Enter")
    today.wait_for_url("**/contacts/inquiry/")
    expect(today.get_by_role("navigation", name="Staff").get_by_role("link", name="Inbox")).to_have_attribute(
        "aria-current", "page"
    )
    tab_to(today, "More")
    today.keyboard.press("Enter")
    tab_to(today, "Products")
    today.keyboard.press("Enter")
    today.wait_for_url("**/shop/product/")


def test_frame_fits_a_phone_and_the_dark(today: Page) -> None:
    today.goto("/admin/")
    assert not [problem for problem in problems_of(today) if "text at 200%" not in problem]
    today.set_viewport_size(NARROW)
    today.goto("/admin/shop/order/")
    navigation = today.get_by_role("navigation", name="Staff")
    navigation.get_by_text("More").click()
    navigation.get_by_role("link", name="Licenses").click()
    expect(today.get_by_role("heading", level=1)).to_have_text("Licenses")


def test_account_menu_signs_out(today: Page) -> None:
    today.locator(".account summary").click()
    today.get_by_role("button", name="Sign out").click()
    today.goto("/admin/")
    expect(today.get_by_label("Password")).to_be_visible()
