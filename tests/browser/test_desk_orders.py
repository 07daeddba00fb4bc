"""Staff handle an order in a real browser: they add a note, refund a part with a reason, and decide the request."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.browser.conftest import Visit
from tests.browser.test_walks import buy, sign_in
from tests.running_site import RunningSite


def test_staff_refund_a_part_and_then_the_request(site: RunningSite, visit: Visit) -> None:
    buyer = visit("/products/bps-pro/")
    buy(buyer, "olivia@example.org")
    buyer.get_by_role("link", name="Request a refund").click()
    buyer.get_by_label("What could be better?").fill("It is not for my multisite.")
    buyer.get_by_role("button", name="Confirm: request the refund").click()
    page = visit("/admin/shop/order/?q=olivia@example.org")
    sign_in(page, site, "staff")
    page.locator("#result_list tbody th a").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Carol Customer")
    page.get_by_label("New note").fill("Called, wants a part back.")
    page.get_by_role("button", name="Add the note").click()
    expect(page.locator(".note")).to_contain_text("Called, wants a part back.")

    page.get_by_role("link", name="Refund…").click()
    page.get_by_label("Amount to refund").fill("20")
    page.get_by_label("Reason", exact=False).first.fill("As we agreed on the phone.")
    page.get_by_label(re.compile("Mail this reason")).check()
    page.get_by_role("button", name="Refund $20.00 to Carol Customer").click()  # a script makes it follow the field
    expect(page.locator(".messagelist")).to_contain_text("$20.00 refunded to Carol Customer.")
    expect(page.locator(".sum-strip")).to_contain_text("$39.95")
    expect(page.locator(".timeline")).to_contain_text("Refunded: $20.00")
    assert "As we agreed on the phone." in site.mail("olivia@example.org", "Your refund of $20.00")

    page.get_by_role("link", name="Read and answer it").click()
    expect(page.get_by_role("main")).to_contain_text("It is not for my multisite.")
    page.get_by_role("button", name="Refund $39.95 to Carol Customer").click()
    expect(page.locator(".messagelist")).to_contain_text("$39.95 refunded to Carol Customer.")
    expect(page.locator(".pill").first).to_have_text("refunded")
    buyer.reload()
    expect(buyer.get_by_role("heading", level=1)).to_contain_text("Your order was refunded")


def test_whole_refund_takes_two_clicks_from_the_order(site: RunningSite, visit: Visit) -> None:
    buyer = visit("/products/bps-pro/")
    buy(buyer, "oscar@example.org")
    page = visit("/admin/shop/order/?q=oscar@example.org")
    sign_in(page, site, "staff")
    page.locator("#result_list tbody th a").click()
    page.get_by_role("link", name="Refund…").click()
    page.get_by_role("button", name="Refund $59.95 to Carol Customer").click()
    expect(page.locator(".messagelist")).to_contain_text("$59.95 refunded to Carol Customer.")
