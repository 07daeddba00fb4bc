"""What staff see without scrolling sideways: all columns of a list, forms on a phone, and the button that saves."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Visit
from tests.browser.looks import DESK, NARROW
from tests.browser.test_walks import sign_in
from tests.running_site import RunningSite

LISTS = ("shop/order", "affiliates/commission", "affiliates/payoutrun", "affiliates/application", "contacts/inquiry")


@pytest.fixture
def desk(site: RunningSite, visit: Visit) -> Page:
    page = visit("/admin/")
    sign_in(page, site, "staff")
    page.set_viewport_size(DESK)
    return page


def test_lists_show_all_columns_at_a_desk(desk: Page) -> None:
    for name in LISTS:
        desk.goto(f"/admin/{name}/?queue=all" if name == "contacts/inquiry" else f"/admin/{name}/")
        table = desk.locator(".results").first
        if table.count():
            assert table.evaluate("box => box.scrollWidth - box.clientWidth") <= 1, name


def test_button_that_saves_is_in_sight_and_fields_fit_a_phone(desk: Page) -> None:
    for size in (DESK, NARROW):
        desk.set_viewport_size(size)
        desk.goto("/admin/shop/product/")
        desk.locator("#result_list tbody th a").first.click()
        expect(desk.get_by_role("button", name="Save", exact=True)).to_be_in_viewport()
        for box in desk.locator(".aligned .form-row > div").all()[:6]:
            edges = box.evaluate(
                "box => [box.getBoundingClientRect().right, box.closest('.module').getBoundingClientRect().right]"
            )
            assert edges[0] <= edges[1], size
