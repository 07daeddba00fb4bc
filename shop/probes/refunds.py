"""The client of a service requests a refund; staff decline it, note why, and refund a part of the payment after all."""

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
    owner.submit("Decline and mail the reason", answer=rehearsal.canary(CLIENT, "answer to a refund request"))
    rehearsal.expect("Declined." in owner.text, "staff can decline a refund")
    buyer.browser.open(buyer.page)
    rehearsal.tried()


@probe("encrypted", "correspondence-private", stage=Stage.PLANT)
def part_of_payment_is_refunded_with_a_reason(rehearsal: Rehearsal) -> None:
    owner = rehearsal.things[STAFF][OWNER].browser
    owner.open_first_row(f"/admin/shop/order/?q={rehearsal.things[CLIENT].reference}")
    owner.submit("Add the note", text=rehearsal.canary(CLIENT, "note on an order"))
    rehearsal.expect("The note was added." in owner.text, "staff can write a note on an order")
    owner.follow("Refund…")
    owner.submit("Refund $", amount="1.00", reason=rehearsal.canary(CLIENT, "reason of a refund"), mail_reason="on")
    owner.submit("Refund $1.00")
    rehearsal.expect("$1.00 refunded" in owner.text, "staff can refund a part of a payment")
    rehearsal.tried()
