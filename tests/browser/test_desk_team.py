"""The team at the desk: a colleague who answers mail is invited, and two people pay the affiliates."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.browser.conftest import Visit
from tests.browser.test_walks import fill_in_checkout, sign_in
from tests.running_site import RunningSite

SECRET = "a long enough passphrase"


def invite(owner: Page, name: str, email: str, role: str) -> None:
    owner.goto("/admin/")
    owner.get_by_role("link", name="Team", exact=True).first.click()
    owner.get_by_label("Name", exact=False).fill(name)
    owner.get_by_label("Email", exact=False).fill(email)
    owner.get_by_label(re.compile(rf"\b{role}:")).check()
    owner.get_by_role("button", name="Send the invitation").click()
    expect(owner.locator(".messagelist")).to_contain_text(f"{name} is invited, with: {role}")


def join(site: RunningSite, visit: Visit, email: str) -> Page:
    """Opens the invitation in a browser of their own, and sets the password."""
    page = visit("/")
    page.goto(site.link_in(site.mail(email, "Your invitation")))
    page.locator("[name=new_password1]").fill(SECRET)
    page.locator("[name=new_password2]").fill(SECRET)
    page.get_by_role("button", name="Save the password").click()
    expect(page).to_have_url(re.compile("/admin/$"))
    return page


def test_mail_colleague_is_invited_and_sees_only_mail(site: RunningSite, visit: Visit) -> None:
    owner = visit("/admin/")
    sign_in(owner, site, "staff")
    invite(owner, "Mia Mail", "mia@example.org", "Mail")
    mia = join(site, visit, "mia@example.org")
    assert mia.goto("/admin/contacts/inquiry/").status == 200  # type: ignore[union-attr]
    expect(mia.get_by_role("link", name="Orders", exact=True)).to_have_count(0)
    expect(mia.get_by_role("link", name="Team", exact=True)).to_have_count(0)
    owner.goto("/admin/accounts/user/team/")
    expect(owner.get_by_role("row", name=re.compile("Mia Mail"))).to_contain_text("Active")


def test_two_people_pay_the_affiliates(site: RunningSite, visit: Visit) -> None:
    buyer = visit("/checkout/bps-pro/")
    buyer.get_by_role("textbox", name="Code").fill("DEMO")
    fill_in_checkout(buyer, "theo@example.org")
    buyer.get_by_role("button", name="Continue to PayPal").click()
    buyer.get_by_role("button", name="Pay 5").click()
    expect(buyer).to_have_url(re.compile("/orders/"))
    owner = visit("/admin/")
    sign_in(owner, site, "staff")
    invite(owner, "Fay Finance", "fay@example.org", "Finance")
    fay = join(site, visit, "fay@example.org")

    owner.goto("/admin/affiliates/commission/?state__exact=pending")
    owner.locator("#result_list tbody th a").first.click()
    owner.get_by_role("link", name="Approve…").click()
    expect(owner.get_by_role("main")).to_contain_text("The buyer may still return the product")
    owner.get_by_role("button", name="Approve $17.99 early").click()
    expect(owner.locator(".messagelist")).to_contain_text("Approved: $17.99")

    owner.goto("/admin/affiliates/payoutrun/preview/")
    owner.get_by_role("button", name="Prepare this run").click()
    expect(owner.locator("#content")).to_contain_text("a colleague has to approve it: Fay Finance")
    expect(owner.get_by_role("button", name="Approve and send")).to_have_count(0)
    run = owner.url

    fay.goto(run)
    expect(fay.get_by_role("table", name="Payouts of this run")).to_contain_text("affiliate@example.com")
    fay.get_by_role("button", name=re.compile(r"Approve and send \$17\.99 to 1 affiliate")).click()
    expect(fay.locator(".messagelist")).to_contain_text("The run is being sent to PayPal")
