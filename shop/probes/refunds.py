"""The client of a service requests a refund, and staff decline it."""

from __future__ import annotations

from privacy.evidence.rehearsal.cast import OWNER, STAFF
from privacy.evidence.rehearsal.probes import Stage, probe
from privacy.evidence.rehearsal.rehearsal import Rehearsal

from .cards import submit_card_number_in_every_field
from .orders import CLIENT

CONFIRM = "Confirm: request the refund"


@probe("encrypted", "correspondence-private", stage=Stage.PLANT)
def refund_is_requested_and_declined(rehearsal: Rehearsal) -> None:
    buyer = rehearsal.things[CLIENT]
    submit_card_number_in_every_field(rehearsal, lambda: buyer.browser, f"{buyer.page}refund/", CONFIRM)
    buyer.browser.open(buyer.page)
    buyer.browser.follow("Request a refund")
    buyer.browser.submit(CONFIRM, reason=rehearsal.canary(CLIENT, "reason for a refund"))
    rehearsal.expect("We received your refund request" in buyer.browser.text, "a buyer can request a refund")
    owner = rehearsal.things[STAFF][OWNER].browser
    owner.open_first_row(f"/admin/shop/refundrequest/?q={buyer.reference}")
    owner.follow("Decline…")
    owner.submit("Decline", answer=rehearsal.canary(CLIENT, "answer to a refund request"))
    rehearsal.expect("Declined." in owner.text, "staff can decline a refund")
    buyer.browser.open(buyer.page)
    rehearsal.tried()
