"""What becomes of the sales: staff approve, reject, pay and refund; PayPal's webhooks arrive late and twice."""

from __future__ import annotations

from datetime import timedelta

from bs4 import BeautifulSoup

from accounts.probes.staff import staff
from privacy.admin_base.staff_roles import Role
from privacy.evidence.rehearsal.cast import OWNER
from privacy.evidence.rehearsal.probes import Stage, probe
from privacy.evidence.rehearsal.rehearsal import Rehearsal, SiteBrowser
from shop.probes.paypal import deliver_events

from .people import AFFILIATE, RIVAL
from .portal import PRIVATE, PURPOSE, look_through_their_eyes
from .visits import BUYER, CODE_BUYER


@probe("encrypted", "paypal-only", stage=Stage.END)
def affiliates_are_paid(rehearsal: Rehearsal) -> None:
    owner = staff(rehearsal)[OWNER].browser
    act_on_row(owner, "/admin/affiliates/commission/", rehearsal.things[BUYER].reference, "approve")
    owner.submit("Approve 1 now")  # the buyer may still return it
    owner.open("/admin/affiliates/payoutrun/preview/")
    owner.submit("Prepare this run")
    colleague = staff(rehearsal)[Role.FINANCE].browser  # who prepares a run does not approve it
    colleague.open(owner.url)
    colleague.submit("Approve and send")
    rehearsal.expect("being sent to PayPal" in colleague.html, "a colleague can approve a payout")
    rehearsal.work()
    rehearsal.time_passes(timedelta(minutes=5))  # PayPal takes its time
    deliver_events(rehearsal, times=2)
    rehearsal.housekeep()
    rehearsal.expect(rehearsal.mail(rehearsal.things[AFFILIATE].address, "is paid"), "an affiliate is paid")
    rehearsal.tried()


@probe("encrypted", "paypal-only", stage=Stage.END)
def sales_are_refunded_and_rejected(rehearsal: Rehearsal) -> None:
    owner, reason = staff(rehearsal)[OWNER].browser, rehearsal.canary(RIVAL, "reason that staff gave")
    reference = rehearsal.things[CODE_BUYER].reference
    act_on_row(owner, "/admin/affiliates/commission/", reference, "reject", reason=reason)
    owner.submit("Yes, reject")
    for who in (BUYER, CODE_BUYER):
        owner.open_first_row(f"/admin/shop/order/?q={rehearsal.things[who].reference}")
        owner.follow("Refund…")
        owner.submit("Refund $")
    rehearsal.expect(deliver_events(rehearsal, times=2), "PayPal tells of refunds")
    rehearsal.housekeep()
    rehearsal.tried()


@probe(PRIVATE, PURPOSE, stage=Stage.END)
def affiliates_learn_no_more_from_what_becomes_of_a_sale(rehearsal: Rehearsal) -> None:
    look_through_their_eyes(rehearsal)


def act_on_row(browser: SiteBrowser, address: str, row: str, action: str, **fields: str) -> BeautifulSoup:
    """Selects the row with this text in a list of the admin, and runs an action on it."""
    lines = [line for line in browser.open(address).select("#result_list tbody tr") if row in line.get_text()]
    box = lines[0].select_one("input[name=_selected_action]") if lines else None
    browser.rehearsal.expect(box, "the row is in the admin's list")
    button = next(str(b.get_text()) for b in browser.page.select("button[name=index]"))  # "Go"; since Django 6.1, "Run"
    return browser.submit(button, action=action, _selected_action=str(box["value"]) if box else "", **fields)
