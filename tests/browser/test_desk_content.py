"""Staff write a page, look at it before anybody else can, publish it, and move it to another address."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.conftest import Visit
from tests.browser.looks import DESK, problems_of
from tests.browser.test_walks import sign_in
from tests.running_site import RunningSite


def test_staff_write_publish_and_move_a_page(site: RunningSite, visit: Visit) -> None:
    page = visit("/admin/pages/page/add/")
    sign_in(page, site, "staff")
    page.get_by_label("Title").fill("How we work")
    page.keyboard.press("Tab")
    expect(page.get_by_label("Address")).to_have_value("how-we-work")
    page.get_by_label("Summary").fill("What to expect from us.")
    page.get_by_label("Text:").fill("# First\n\n- We *listen*.")
    page.get_by_label("in the menu").check()
    page.get_by_label("Published", exact=True).check()
    with page.context.expect_page() as opened:
        page.get_by_role("button", name="Preview without saving").click()
    preview = opened.value
    expect(preview.get_by_text("This is a preview")).to_be_visible()
    expect(preview.get_by_role("heading", name="How we work", level=1)).to_be_visible()
    preview.close()
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_role("link", name="/how-we-work/").first.click()
    expect(page.get_by_role("main").get_by_role("heading", name="First")).to_be_visible()
    expect(page.get_by_role("banner").get_by_role("link", name="How we work")).to_have_attribute("aria-current", "page")
    assert not problems_of(page)
    page.set_viewport_size(DESK)
    page.goto("/admin/pages/page/")
    assert not problems_of(page)
    page.set_viewport_size(DESK)
    page.goto("/admin/pages/page/")
    page.get_by_role("link", name="How we work", exact=True).first.click()
    page.get_by_label("Address").fill("services")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("/services/ belongs to the site itself")).to_be_visible()
    expect(page.get_by_label("Summary")).to_have_value("What to expect from us.")
    page.get_by_label("Address").fill("our-way")
    page.get_by_role("button", name="Save", exact=True).click()
    page.goto("/how-we-work/?ref=DEMO")
    assert page.url.endswith("/our-way/?ref=DEMO")
    page.goto("/admin/pages/page/")
    page.get_by_role("link", name="How we work", exact=True).first.click()
    page.get_by_role("link", name="Delete").click()
    page.get_by_role("button", name="Yes").click()
    assert page.request.get("/our-way/").status == 404
