"""What buyers do after buying: they complete the invoice, find their orders again, and have an address corrected."""

from __future__ import annotations

import secrets
from urllib.parse import urljoin

from privacy.evidence.rehearsal.canaries import canary
from privacy.evidence.rehearsal.cast import OWNER, STAFF
from privacy.evidence.rehearsal.mailboxes import mailbox
from privacy.evidence.rehearsal.probes import Stage, probe
from privacy.evidence.rehearsal.rehearsal import Rehearsal

from .buying import buy
from .products import PRODUCT

COMPANY = "buyer with a company"
LOOK_ALIKE = "buyer with a look-alike"
MISTYPED = "buyer with a mistyped address"


@probe("encrypted", "correspondence-private", stage=Stage.PLANT)
def buyer_completes_the_invoice_and_finds_the_order_again(rehearsal: Rehearsal) -> None:
    browser = rehearsal.browser(COMPANY)
    buyer = buy(rehearsal, browser, product=PRODUCT)
    browser.open(f"{buyer.page}receipt/")
    vat_id = rehearsal.watch(canary().rstrip("Ö"), COMPANY, "VAT ID")
    browser.submit("Save", company=rehearsal.canary(COMPANY, "company"), vat_id=vat_id)
    rehearsal.expect(vat_id in browser.text, "a buyer can complete the invoice")
    browser.open(buyer.page)
    browser.submit("Email me about new versions")
    rehearsal.expect("Stop these emails" in browser.text, "a buyer can ask for email about new versions")
    browser.open("/orders/find/")
    browser.submit("Send me the links", email=buyer.address)
    rehearsal.expect(buyer.page in rehearsal.mail(buyer.address, "Links to your orders"), "a buyer finds the order")
    rehearsal.tried()


@probe("email-for-asked-contact-only", stage=Stage.BREAK_IN)
def links_to_orders_go_to_the_address_of_the_order(rehearsal: Rehearsal) -> None:
    word = secrets.token_hex(6)
    address, stranger = rehearsal.own(LOOK_ALIKE, f"{word}@strasse.example"), rehearsal.browser("stranger")
    buy(rehearsal, rehearsal.browser(LOOK_ALIKE), product=PRODUCT, email=address)
    for typed in (f"{word}@straße.example", f"{word}@STRAẞE.example", f"{word.upper()}@Strasse.example"):
        stranger.open("/orders/find/")
        stranger.submit("Send me the links", email=typed)
        rehearsal.tried()
        reached = {mailbox(str(mail["To"])) for mail in rehearsal.mails()}
        if mailbox(typed) != mailbox(address) and mailbox(typed) in reached:
            rehearsal.breach("email-for-asked-contact-only", "links to orders went to an address that looks alike")


@probe("correspondence-private", stage=Stage.BREAK_IN)
def recipient_of_anothers_receipt_loses_the_order(rehearsal: Rehearsal) -> None:
    wrong, right = (rehearsal.own(MISTYPED, f"{secrets.token_hex(6)}@example.org") for _ in range(2))
    buyer = buy(rehearsal, rehearsal.browser(MISTYPED), product=PRODUCT, email=wrong)
    owner = rehearsal.things[STAFF][OWNER].sign_in()
    owner.open_first_row(f"/admin/shop/order/?q={buyer.reference}")
    owner.open(urljoin(owner.url, "../correct-address/"))
    owner.submit("Correct the email address", email=right)
    rehearsal.expect("The address was corrected" in owner.text, "staff can correct an address")
    owner.submit("Send the receipt again")
    rehearsal.expect("on its way" in owner.text, "staff can send a receipt again")
    recipient = rehearsal.browser("recipient of another's receipt")
    for page in (buyer.page, f"{buyer.page}receipt/"):
        recipient.open(page)
        rehearsal.tried()
        if recipient.status != 404:
            rehearsal.breach("correspondence-private", "an order whose mail went to a stranger stays open to them")
