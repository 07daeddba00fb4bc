"""A purchase, from the product page to the receipt, paid at the stand-in."""

from __future__ import annotations

import re
from dataclasses import dataclass

from privacy.evidence.rehearsal.canaries import CanaryKind
from privacy.evidence.rehearsal.rehearsal import Rehearsal, SiteBrowser

from .products import PRODUCT


@dataclass(frozen=True)
class Buyer:
    """A person who has paid. `address` is as typed; `key` is the license key, empty without one."""

    who: str
    browser: SiteBrowser
    address: str
    reference: str
    page: str
    key: str = ""


def buy(rehearsal: Rehearsal, browser: SiteBrowser, *, product: str = PRODUCT, query: str = "", **fields: str) -> Buyer:
    """Uses a new name and address unless given in `fields`. Values entered at PayPal are canaries too. `query` is
    that of the checkout's address."""
    who = browser.who
    fields = {"name": rehearsal.canary(who, "name"), "email": rehearsal.address(who), **fields}
    browser.open(f"/checkout/{product}/{query}")
    browser.submit("Continue to PayPal", **fields)
    rehearsal.expect("checkoutnow" in browser.url, "the checkout leads to PayPal")
    payer = {name: rehearsal.canary(who, "name at PayPal", kept=False) for name in ("given_name", "surname")}
    browser.submit("Pay", **payer, email=rehearsal.address(who, "email address at PayPal", kept=False))
    rehearsal.expect("your order is paid" in browser.text, "a payment at PayPal marks the order as paid")
    receipt = rehearsal.mail(fields["email"], "Your receipt")
    box = browser.page.select_one(".copy-box")
    key = rehearsal.watch(box.get_text().strip(), who, "license key") if box else ""
    found = re.search(r"Order:?\s+(B\w{9})", receipt)
    rehearsal.expect(found and browser.url in receipt, "the receipt leads to the order's page")
    reference = rehearsal.watch(found.group(1) if found else "", who, "order number", CanaryKind.NUMBER)
    rehearsal.watch(browser.url.split("/")[-2], who, "page of the order", CanaryKind.KEY)
    return Buyer(who, browser, fields["email"], reference, browser.url, key)
