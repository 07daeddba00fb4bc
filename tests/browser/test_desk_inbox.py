"""A colleague answers the mail by keyboard: finds the message, inserts a saved reply, sends and closes, goes on."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Visit
from tests.browser.test_walks import sign_in, tab_to
from tests.running_site import RunningSite

A_READERS_PACE = 3_500  # milliseconds; who is faster is held for review


def write(visit: Visit, name: str, message: str) -> None:
    page = visit("/contact/")
    page.get_by_label("Name").fill(name)
    page.get_by_label("Email").fill(f"{name.partition(' ')[0].lower()}@example.org")
    page.get_by_label("Message").fill(message)
    page.wait_for_timeout(A_READERS_PACE)
    page.get_by_role("button", name="Send the message").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("we received your message")


def answer_box(page: Page) -> Locator:
    return page.get_by_role("textbox", name="Your answer")


def past_the_navigation(page: Page) -> None:
    tab_to(page, "Skip to main content")
    page.keyboard.press("Enter")


def test_message_is_answered_with_a_saved_reply_and_the_next_one_opens(site: RunningSite, visit: Visit) -> None:
    write(visit, "Walter Writer", "Which version of WordPress do I need?")
    write(visit, "Wanda Waits", "When do you open?")
    page = visit("/admin/contacts/savedreply/add/")
    sign_in(page, site, "staff")
    page.get_by_label("Title").fill("Versions")
    page.get_by_label("Text").fill("Dear {name}, any version from 6.0.")
    page.get_by_role("button", name="Save", exact=True).click()
    page.goto("/admin/contacts/inquiry/")
    past_the_navigation(page)
    tab_to(page, "Walter Writer")
    page.keyboard.press("Enter")
    expect(answer_box(page)).to_have_value(re.compile("^Hello Walter Writer,"))
    past_the_navigation(page)
    tab_to(page, "Saved reply")
    page.keyboard.type("Versions")
    tab_to(page, "Insert")
    page.keyboard.press("Enter")
    page.wait_for_url("**#answer")
    assert "Dear Walter Writer, any version from 6.0." in answer_box(page).input_value()
    tab_to(page, "Send and close")
    page.keyboard.press("Enter")
    expect(page.get_by_text("has been sent")).to_be_visible()
    expect(page.get_by_role("heading", name="Wanda Waits").first).to_be_visible()
    assert "any version from 6.0." in site.mail("walter@example.org", "Our answer")
    answer_box(page).fill("A draft.")
    expect(page.get_by_text("Draft saved.")).to_be_visible()
    page.reload()
    expect(answer_box(page)).to_have_value("A draft.")
