"""Staff change a price and record a request of a person, in the fewest steps, in a real browser."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.conftest import Visit
from tests.browser.test_walks import sign_in
from tests.running_site import RunningSite


def test_staff_change_a_price_and_are_asked_about_a_slip(site: RunningSite, visit: Visit) -> None:
    page = visit("/admin/shop/product/")
    sign_in(page, site, "staff")
    page.locator("#result_list").get_by_role("link", name="BPS Pro", exact=True).click()
    price = page.get_by_label("Price", exact=False).first
    expect(price).to_have_value("59.95")
    price.fill("0.70")
    page.get_by_role("button", name="Save", exact=True).click()
    question = page.get_by_label("Yes, sell it for $0.70")
    expect(question).not_to_be_checked()
    expect(page.locator(".form-row.field-price_minor")).to_contain_text("from $59.95 to $0.70")
    price.fill("69.95")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator("#result_list")).to_contain_text("$69.95")
    page.locator("#result_list").get_by_role("link", name="BPS Pro", exact=True).click()
    page.get_by_role("link", name="History").click()
    expect(page.locator(".history-what").first).to_contain_text("changed the price from $59.95 to $69.95")
    page.go_back()
    page.get_by_label("Price", exact=False).first.fill("59.95")  # as the other walks expect it
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator("#result_list")).to_contain_text("$59.95")


def test_staff_record_a_request_and_follow_its_next_steps(site: RunningSite, visit: Visit) -> None:
    page = visit("/admin/privacy/privacyrequest/add/")
    sign_in(page, site, "staff")
    page.get_by_label("Kind").select_option(label="Complain about how you handle my data")
    page.get_by_label("Email address").fill("erin@example.org")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator(".next-step")).to_contain_text("Tell the person that the request arrived")
    page.get_by_role("link", name="Acknowledge").click()
    page.get_by_role("button", name="Acknowledge").click()
    expect(page.locator(".next-step")).to_contain_text("Look into it, then answer")
    expect(page.locator(".next-step-action")).to_have_text("Answer")
    page.goto("/admin/audit/auditentry/")
    expect(page.locator("#result_list")).to_contain_text("acknowledged the privacy request")
