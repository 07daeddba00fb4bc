"""Everybody who bought, sold or applied requests deletion: afterwards none of their data can be opened."""

from __future__ import annotations

from privacy.evidence.rehearsal.canaries import CanaryKind
from privacy.evidence.rehearsal.opened_texts import opened_texts
from privacy.evidence.rehearsal.probes import Stage, probe
from privacy.evidence.rehearsal.rehearsal import Rehearsal
from privacy.evidence.rehearsal.search import Search
from shop.probes.orders import CLIENT, DIRECT_BUYER

from .people import AFFILIATE, APPLICANT
from .visits import BUYER, CODE_BUYER

PROMISE = "purpose-limitation"
LEAVING = (BUYER, CODE_BUYER, DIRECT_BUYER, CLIENT, AFFILIATE, APPLICANT)  # the other affiliate is needed to the end


@probe(PROMISE, stage=Stage.END)
def nothing_of_those_who_left_can_be_opened(rehearsal: Rehearsal) -> None:
    """Each requests it on the page, and presses the button behind the emailed link. Order numbers remain, without a
    name."""
    for who in LEAVING:
        leave(rehearsal, who)
        rehearsal.tried()
    rehearsal.housekeep()
    search = Search(rehearsal.canaries)
    for place, text in opened_texts():
        rehearsal.searched(PROMISE)
        for found in search.found_in(text.encode()):
            if found.owner in LEAVING and found.kind is CanaryKind.PRIVATE:
                rehearsal.breach(PROMISE, f"the {found.what} of the {found.owner} in {place}, after deletion")


def leave(rehearsal: Rehearsal, who: str) -> None:
    address = address_of(rehearsal, who)
    browser = rehearsal.browser(who)
    browser.open("/privacy/request/")
    browser.submit("Send me the link", email=address, kind="deletion")
    browser.open(rehearsal.link_in(rehearsal.mail(address, "confirm your privacy request")))
    license = {"license": "end"} if browser.page.select("[name=license]") else {}
    browser.submit("Delete my data", **license)
    rehearsal.expect("Your data is deleted" in browser.text, f"a {who} can have their data deleted")


def address_of(rehearsal: Rehearsal, who: str) -> str:
    thing = rehearsal.things[who]
    return thing if isinstance(thing, str) else str(thing.address)
