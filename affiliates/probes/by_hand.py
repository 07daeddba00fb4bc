"""What staff change by hand: balances, in the books with a second person, sales outside the shop, and groups."""

from __future__ import annotations

from accounts.probes.staff import staff
from privacy.admin_base.staff_roles import Role
from privacy.evidence.rehearsal.cast import OWNER
from privacy.evidence.rehearsal.probes import Stage, probe
from privacy.evidence.rehearsal.rehearsal import Rehearsal, SiteBrowser
from shop.probes.products import PRODUCT

from .people import AFFILIATE

BONUS, OUTSIDE_SALE = "/admin/affiliates/ledgerentry/adjust/", "/admin/affiliates/adjustment/sale/"


@probe("encrypted", stage=Stage.PLANT)
def staff_change_a_balance(rehearsal: Rehearsal) -> None:
    partner, owner = rehearsal.things[AFFILIATE], staff(rehearsal)[OWNER].browser
    colleague = staff(rehearsal)[Role.FINANCE].browser
    for answer in ("Book", "Decline"):
        owner.open(BONUS)
        reason = rehearsal.canary(partner.who, f"reason of a bonus: {answer}")
        owner.submit("Add adjustment", kind="bonus", code=partner.code, amount="5.00", reason=reason)
        decide(owner, colleague, answer)
    owner.open(OUTSIDE_SALE)
    product = next(str(choice["value"]) for choice in owner.page.select("#id_product option") if PRODUCT in str(choice))
    sale = {
        "reference": rehearsal.canary(partner.who, "number of a sale in the bookkeeping"),
        "reason": rehearsal.canary(partner.who, "reason of a sale outside the shop"),
    }
    owner.submit("Enter the sale", code=partner.code, product=product, base="100.00", **sale)
    decide(owner, colleague, "Book")
    owner.open(colleague.url)
    owner.follow("Reverse…")
    owner.submit("Reverse", refunded="40.00", reason=rehearsal.canary(partner.who, "reason of a reversal"))
    rehearsal.expect("waiting for a second person" in owner.text, "a sale outside the shop can be reversed")
    rehearsal.tried()


def decide(owner: SiteBrowser, colleague: SiteBrowser, answer: str) -> None:
    """On the adjustment that the owner has just prepared."""
    owner.rehearsal.expect("once a second person has booked it" in owner.text, "a change by hand waits")
    colleague.open(owner.url)
    colleague.follow(f"{answer}…")
    colleague.submit(answer)
    done = {"Book": "Booked.", "Decline": "Declined."}[answer]
    owner.rehearsal.expect(done in colleague.text, f"a colleague decides on a change by hand: {answer}")


@probe("encrypted", stage=Stage.PLANT)
def an_affiliate_joins_a_group_with_a_rate(rehearsal: Rehearsal) -> None:
    partner, owner = rehearsal.things[AFFILIATE], staff(rehearsal)[OWNER].browser
    owner.open("/admin/affiliates/affiliategroup/add/")
    owner.submit("Save", name="Rehearsed")
    owner.open_first_row(f"/admin/affiliates/affiliate/?q={partner.code}")
    owner.follow("Change the group…")
    group = next(str(one["value"]) for one in owner.page.select("#id_group option") if "Rehearsed" in str(one))
    owner.submit("Change the group", group=group)
    rehearsal.expect("Earlier orders keep their rate" in owner.text, "an affiliate can be moved to a group")
    rehearsal.tried()


@probe("encrypted", stage=Stage.PLANT)
def an_account_is_suspended_and_reinstated(rehearsal: Rehearsal) -> None:
    partner, owner = rehearsal.things[AFFILIATE], staff(rehearsal)[OWNER].browser
    owner.open_first_row(f"/admin/affiliates/affiliate/?q={partner.code}")
    owner.follow("Suspend…")
    owner.submit("Suspend", reason=rehearsal.canary(partner.who, "reason of a suspension"))
    rehearsal.expect(rehearsal.mail(partner.address, "account is suspended"), "an affiliate is told of a suspension")
    owner.follow("Reinstate…")
    owner.submit("Reinstate")
    rehearsal.expect("notified by email" in owner.text, "an account can be reinstated")
    rehearsal.tried()
