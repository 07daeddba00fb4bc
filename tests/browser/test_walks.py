"""What visitors, affiliates and staff come for, walked in a real browser."""

from __future__ import annotations

import re
import zipfile

from playwright.sync_api import Page, expect

from tests.browser.conftest import Visit
from tests.browser.looks import look
from tests.running_site import RunningSite


def sign_in(page: Page, site: RunningSite, role: str) -> None:
    address, password = site.sign_in_of(role)
    page.get_by_label("Email").fill(address)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()


def fill_in_checkout(page: Page, email: str) -> None:
    page.get_by_label("Name").fill("Carol Customer")
    page.get_by_label("Email").fill(email)


def buy(page: Page, email: str) -> None:
    page.get_by_role("main").get_by_role("link", name="Buy").first.click()
    fill_in_checkout(page, email)
    page.get_by_role("button", name="Continue to PayPal").click()
    page.get_by_role("button", name="Pay 5").click()
    expect(page).to_have_url(re.compile("/orders/"))


def test_visitor_finds_product_buys_pays_and_downloads(site: RunningSite, visit: Visit) -> None:
    page = visit("/")
    page.get_by_role("banner").get_by_role("link", name="Products").or_(
        page.get_by_role("main").get_by_role("link", name="BPS Pro")
    ).first.click()
    if not page.url.endswith("/products/bps-pro/"):
        page.get_by_role("main").get_by_role("link", name="BPS Pro").first.click()
    buy(page, "carol@example.org")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Thank you")
    with page.expect_download() as download:
        page.get_by_role("button", name="Download").click()
    assert zipfile.is_zipfile(download.value.path())
    assert page.url in site.mail("carol@example.org", "Your receipt")


def test_purchase_needs_no_mouse(visit: Visit) -> None:
    page = visit("/products/bps-pro/")
    tab_to(page, "Buy")
    page.keyboard.press("Enter")
    page.wait_for_url("**/checkout/bps-pro/")
    tab_to(page, "Name")
    page.keyboard.type("Kay Keyboard")
    tab_to(page, "Email")
    page.keyboard.type("kay@example.org")
    tab_to(page, "Continue to PayPal")
    page.keyboard.press("Enter")
    page.wait_for_url("**/checkoutnow*")
    tab_to(page, "Pay 5", shows=False)
    page.keyboard.press("Enter")
    page.wait_for_url("**/orders/**")
    tab_to(page, "Download")
    with page.expect_download() as download:
        page.keyboard.press("Enter")
    assert zipfile.is_zipfile(download.value.path())


def tab_to(page: Page, name: str, *, shows: bool = True) -> None:
    """Presses Tab until the element with this name has the focus; each on the way shows that it has it."""
    passed = []
    for _ in range(80):
        page.keyboard.press("Tab")
        focused = look(page, "focused")
        if focused is None:
            continue
        passed.append(focused["name"][:40])
        assert focused["onScreen"], f"{page.url}: “{focused['name']}” has the focus outside the screen"
        assert focused["shows"] or not shows, f"{page.url}: “{focused['name']}” doesn't show that it has the focus"
        if focused["name"].startswith(name):
            return
    raise AssertionError(f"{page.url}: Tab never reaches “{name}”, only {passed}")


def test_buyer_who_lost_the_mail_finds_the_order(site: RunningSite, visit: Visit) -> None:
    page = visit("/products/bps-pro/")
    buy(page, "lost@example.org")
    order = page.url
    page = visit("/orders/find/")
    page.get_by_label("Email").fill("LOST@example.org")
    page.get_by_role("main").get_by_role("button").first.click()
    page.goto(site.link_in(site.mail("lost@example.org", "Links to your orders")))
    assert page.url == order


def test_question_is_sent_and_kept_text_survives_a_mistake(site: RunningSite, visit: Visit) -> None:
    page = visit("/contact/")
    page.get_by_label("Name").fill("Dave")
    page.get_by_label("Email").fill("dave@example")
    page.get_by_label("Message").fill("Does it work with multisite?")
    page.get_by_role("button", name="Send the message").click()
    expect(page).to_have_title(re.compile("Error"))
    expect(page.get_by_label("Message")).to_have_value("Does it work with multisite?")
    page.get_by_label("Email").fill("dave@example.org")
    page.get_by_role("button", name="Send the message").click()
    expect(page.get_by_role("main")).to_contain_text(re.compile(r"Q-\w{6}"))
    assert "Q-" in site.mail("dave@example.org", "We received your message")


def test_quote_button_opens_the_quote_form(visit: Visit) -> None:
    page = visit("/services/")
    page.get_by_role("main").get_by_role("link", name="Request a quote").first.click()
    expect(page.get_by_label("Project")).to_be_visible()
    page.get_by_label("Name").fill("Quentin")
    page.get_by_label("Email").fill("quentin@example.org")
    page.get_by_label("Message").fill("A shop for twelve pots.")
    page.get_by_role("button", name="Send the message").click()
    expect(page.get_by_role("main")).to_contain_text(re.compile(r"Q-\w{6}"))


def test_person_asks_for_their_data_and_downloads_it(site: RunningSite, visit: Visit) -> None:
    page = visit("/products/bps-pro/")
    buy(page, "erin@example.org")
    page.goto("/privacy/request/")
    page.get_by_label("Email").fill("erin@example.org")
    page.get_by_role("main").get_by_role("button").first.click()
    page.goto(site.link_in(site.mail("erin@example.org", "confirm your privacy request")))
    page.get_by_role("button", name="Create my archive").click()
    page.get_by_role("link", name="Download the archive").click(trial=True)
    with page.expect_download() as download:
        page.get_by_role("link", name="Download the archive").click()
    data = zipfile.ZipFile(download.value.path()).read("data.json").decode()
    assert "erin@example.org" in data
    assert "carol@example.org" not in data


def test_affiliate_signs_in_and_copies_the_link(site: RunningSite, visit: Visit) -> None:
    page = visit("/affiliates/portal/")
    sign_in(page, site, "affiliate")
    expect(page).to_have_url(re.compile("/affiliates/portal/"))
    expect(page.get_by_role("main")).to_contain_text(f"{site.url}/go/")
    for tab in page.get_by_role("navigation", name="Your affiliate account").get_by_role("link").all_inner_texts():
        page.get_by_role("navigation", name="Your affiliate account").get_by_role("link", name=tab, exact=True).click()
        expect(page.get_by_role("heading", level=1)).to_be_visible()


def test_staff_answer_a_message_and_refund_an_order(site: RunningSite, visit: Visit) -> None:
    buyer = visit("/products/bps-pro/")
    buy(buyer, "rita@example.org")
    reference = re.search(r"B\w{9}", buyer.get_by_role("main").inner_text())
    assert reference
    page = visit("/admin/")
    sign_in(page, site, "staff")
    page.goto("/admin/shop/order/?q=rita@example.org")
    page.get_by_role("link", name=reference.group()).click()
    page.get_by_role("link", name="Refund…").or_(page.get_by_role("button", name="Refund…")).click()
    page.get_by_role("button", name="Refund $59.95 to Carol Customer").click()
    expect(page.locator(".messagelist")).to_contain_text("refunded")
    assert "$59.95" in site.mail("rita@example.org", "Your refund of")
