"""A telephone call becomes a paid invoice, and an answer by email shows in the conversation, in a real browser."""

from __future__ import annotations

import mailbox
import re
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.browser.conftest import Visit
from tests.browser.test_walks import sign_in
from tests.running_site import RunningSite

PLAN = b"%PDF-1.7 the pots, and where they stand"


def enter_call(page: Page, email: str) -> None:
    page.get_by_label("Received by").select_option("call")
    page.get_by_label("About").select_option("quote")
    page.get_by_label("Name:").fill("Paula Potter")
    page.get_by_label("Email address").fill(email)
    page.get_by_label("Project").fill("A shop for twelve pots")
    page.get_by_label("What it says").fill("She called: ten pages and a logo, paid in two parts.")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator(".messagelist")).to_contain_text("is entered")
    expect(page.locator(".inbox-message")).to_contain_text("ten pages and a logo")


def write_quote(page: Page) -> None:
    """A draft of $1,200.00, half of it on acceptance and the rest when staff say so."""
    page.get_by_label("What it is for").fill("A shop for your pots")
    for field, value in {
        "lines-0-description": "Ten pages",
        "lines-0-quantity": "10",
        "lines-0-unit_price_minor": "100",
        "lines-1-description": "A logo",
        "lines-1-quantity": "1",
        "lines-1-unit_price_minor": "200",
        "installments-0-label": "Deposit",
        "installments-0-percent": "50",
        "installments-1-label": "When the shop opens",
    }.items():
        page.locator(f"[name={field}]").fill(value)
    page.locator("[name=installments-0-due]").select_option("acceptance")
    page.locator("[name=installments-1-due]").select_option("release")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator(".messagelist")).to_contain_text("The draft is saved.")


def receive(site: RunningSite, folder: Path, message: EmailMessage) -> None:
    """As a mail server leaves it in a file, and the command fetches it from there."""
    box = mailbox.mbox(folder / "box")
    box.add(message.as_bytes())
    box.close()
    assert "1 stored (1 filed)" in site.command("receive_mail", "--mbox", str(folder / "box"))
    (folder / "box").unlink()


def written(text: str, *, answers: EmailMessage | None = None, plan: bytes = b"") -> EmailMessage:
    message = EmailMessage(policy=default.clone(max_line_length=998))  # mail programs don't encode long ids
    message["From"], message["To"] = "Wilma Writes <wilma@example.org>", "info@ait-pro.com"
    message["Subject"] = "My shop"
    message["Message-ID"] = f"<{len(text)}@mail.example.org>"
    if answers:
        message["In-Reply-To"] = answers["Message-ID"]
    message.set_content(text)
    if plan:
        message.add_attachment(plan, maintype="application", subtype="pdf", filename="plan.pdf")
    return message


def test_call_becomes_a_quote_and_a_paid_invoice(site: RunningSite, visit: Visit) -> None:
    page = visit("/admin/contacts/inquiry/add/")
    sign_in(page, site, "staff")
    enter_call(page, "paula@example.org")
    page.get_by_role("button", name="New quote").click()
    write_quote(page)
    expect(page.get_by_role("main")).to_contain_text("$1,200.00")
    page.get_by_role("button", name="Send…").click()
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.locator(".messagelist")).to_contain_text("on its way to the client")

    client = visit(site.link_in(site.mail("paula@example.org", "Our quote for you")))
    expect(client.get_by_role("heading", level=1)).to_have_text("A shop for your pots")
    client.get_by_role("link", name="Accept the quote").click()
    client.get_by_label("Name").fill("Paula P. Potter")
    client.get_by_role("button", name="Accept and order for $1,200.00").click()
    expect(client.get_by_role("status")).to_contain_text("by Paula P. Potter")
    client.get_by_role("button", name="Pay $600.00 with PayPal").click()
    client.get_by_role("button", name="Pay 600").click()
    expect(client).to_have_url(re.compile("/orders/"))
    client.goto(site.link_in(site.mail("paula@example.org", "Your receipt")))
    client.get_by_role("link", name=re.compile("receipt", re.IGNORECASE)).first.click()
    expect(client.locator(".receipt")).to_contain_text("Ten pages")
    expect(client.locator(".receipt")).to_contain_text("$600.00")

    page.reload()
    expect(page.get_by_role("main")).to_contain_text("accepted")
    page.get_by_role("link", name="Next installment is due…").click()
    page.get_by_role("button", name="Next installment is due").click()
    expect(page.locator(".messagelist")).to_contain_text("$600.00 is due")
    assert site.mail("paula@example.org", "$600.00 is due")


def test_email_is_answered_and_its_answer_brings_a_file(site: RunningSite, visit: Visit, tmp_path: Path) -> None:
    receive(site, tmp_path, written("Which hosting do I need for my pots?"))
    page = visit("/admin/contacts/inquiry/")
    sign_in(page, site, "staff")
    page.get_by_role("link", name=re.compile("Wilma Writes")).first.click()
    expect(page.locator(".inbox-message")).to_contain_text("Which hosting do I need for my pots?")
    page.get_by_role("textbox", name="Your answer").fill("Any with PHP 8. Where do the pots stand?")
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.get_by_text("has been sent")).to_be_visible()

    site.mail("wilma@example.org", "Our answer")
    [*_, answer] = site.mails("wilma@example.org")
    said = (
        "See the plan.\n\nOn Mon, Mar 2, 2026 at 2:00 PM AITpro wrote:\n\n> Any with PHP 8. Where do the pots stand?\n"
    )
    receive(site, tmp_path, written(said, answers=answer, plan=PLAN))
    page.goto("/admin/contacts/inquiry/")
    page.get_by_role("link", name=re.compile("Wilma Writes")).first.click()
    latest = page.locator(".inbox-message")
    expect(latest.locator("> .inbox-words")).to_have_text("See the plan.")
    latest.get_by_text("Quoted text").click()
    expect(latest.locator(".inbox-quoted")).to_contain_text("Any with PHP 8.")
    with page.expect_download() as download:
        latest.get_by_role("link", name="plan.pdf").click()
    assert download.value.path().read_bytes() == PLAN
    expect(page.locator(".inbox-staff").first).to_contain_text("Any with PHP 8. Where do the pots stand?")
