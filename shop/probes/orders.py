"""A direct buyer: purchase, partial refund, and a dispute over the rest."""

from __future__ import annotations

import re

from privacy.evidence.rehearsal.cast import OWNER, STAFF
from privacy.evidence.rehearsal.probes import Stage, probe
from privacy.evidence.rehearsal.rehearsal import Rehearsal

from .buying import Buyer, buy
from .paypal import act_on_payment, deliver_events
from .products import PRODUCT, SERVICE

DIRECT_BUYER, CLIENT = "buyer without a link", "client of a service"


@probe("encrypted", "correspondence-private", stage=Stage.PLANT)
def service_is_bought(rehearsal: Rehearsal) -> None:
    browser = rehearsal.browser(CLIENT)
    address, phone = rehearsal.canary(CLIENT, "postal address"), "+1 805 555 7195"
    rehearsal.things[CLIENT] = buy(rehearsal, browser, product=SERVICE, address=address, phone=phone)
    rehearsal.tried()


@probe("encrypted", "correspondence-private", stage=Stage.PLANT)
def product_is_bought_and_downloaded(rehearsal: Rehearsal) -> None:
    browser = rehearsal.browser(DIRECT_BUYER)
    buyer = rehearsal.things[DIRECT_BUYER] = buy(rehearsal, browser, product=PRODUCT)
    browser.submit("Download version")
    rehearsal.expect(browser.content.startswith(b"PK"), "a buyer can download")
    browser.open(buyer.page)
    rehearsal.tried()


@probe("encrypted", "paypal-only", stage=Stage.PLANT)
def webhook_events_arrive_twice(rehearsal: Rehearsal) -> None:
    """Delivers all events so far twice, then those of a partial refund and a dispute."""
    capture = capture_of(rehearsal, rehearsal.things[DIRECT_BUYER])
    rehearsal.expect(deliver_events(rehearsal, times=2), "PayPal sends messages")
    act_on_payment(capture, "refund", amount="10.00")
    act_on_payment(capture, "dispute")
    rehearsal.expect(deliver_events(rehearsal, times=2), "PayPal sends messages of refunds and disputes")
    rehearsal.tried()


@probe("paypal-only", stage=Stage.END)
def dispute_is_resolved(rehearsal: Rehearsal) -> None:
    act_on_payment(capture_of(rehearsal, rehearsal.things[DIRECT_BUYER]), "resolve", outcome="RESOLVED_BUYER_FAVOUR")
    rehearsal.expect(deliver_events(rehearsal, times=2), "PayPal tells how a dispute ended")
    rehearsal.tried()


def capture_of(rehearsal: Rehearsal, buyer: Buyer) -> str:
    """PayPal's id of the payment, as shown to staff."""
    staff = rehearsal.things[STAFF][OWNER].browser
    staff.open_first_row(f"/admin/shop/order/?q={buyer.reference}")
    found = re.search(r"\b[A-Z0-9]{17}\b", staff.text)
    rehearsal.expect(found, "the payment has a PayPal id")
    return found.group() if found else ""
