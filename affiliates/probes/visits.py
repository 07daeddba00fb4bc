"""Visitors who follow an affiliate's link, with canaries in everything a browser sends."""

from __future__ import annotations

from io import BytesIO
from zipfile import ZipFile

from affiliates.models import Click
from affiliates.tracking.referral_cookie import COOKIE
from privacy.evidence.rehearsal.canaries import CanaryKind
from privacy.evidence.rehearsal.probes import Stage, probe
from privacy.evidence.rehearsal.rehearsal import Rehearsal, SiteBrowser
from privacy.registry.purpose_binding import PurposeNotAllowed
from shop.probes.buying import buy
from shop.probes.products import PRODUCT

from .people import AFFILIATE, RIVAL

BUYER = "buyer"  # came by a link, and has paid
CODE_BUYER = "buyer with a code"  # typed the code of the other affiliate
VISITOR = "visitor"  # came by a link, and has looked around
PURPOSE = "referral-for-commission-only"


@probe(PURPOSE, "paypal-only", "encrypted", stage=Stage.PLANT)
def somebody_comes_by_a_link_and_buys(rehearsal: Rehearsal) -> None:
    label = rehearsal.canary(BUYER, "label", CanaryKind.VISIT, kept=False)
    browser = come(rehearsal, BUYER, f"/go/{rehearsal.things[AFFILIATE].code}/products/{PRODUCT}/?sub={label}")
    rehearsal.things[BUYER] = buy(rehearsal, browser)
    rehearsal.tried()


@probe(PURPOSE, "encrypted", stage=Stage.PLANT)
def somebody_buys_with_a_code(rehearsal: Rehearsal) -> None:
    browser = rehearsal.browser(CODE_BUYER)
    rehearsal.things[CODE_BUYER] = buy(rehearsal, browser, code=rehearsal.things[RIVAL].code)
    rehearsal.tried()


@probe(PURPOSE, "encrypted", stage=Stage.PLANT)
def somebody_comes_by_every_form_of_a_link(rehearsal: Rehearsal) -> None:
    code = rehearsal.things[AFFILIATE].code
    for address in (
        f"/go/{code}",
        f"/go/{code.lower()}/",
        f"/go/{code}/{rehearsal.canary(VISITOR, 'page', CanaryKind.VISIT, kept=False)}/",
        f"/?ref={code}",
        f"/products/{PRODUCT}/?ref={code}&go=0",
    ):
        rehearsal.things[VISITOR] = come(rehearsal, VISITOR, address)


@probe("access", stage=Stage.ASK)
def the_archive_of_a_buyer_says_who_brought_the_order(rehearsal: Rehearsal) -> None:
    """Checks the archives that everybody has got by now (`privacy.probes.archives`)."""
    for who, partner in {BUYER: AFFILIATE, CODE_BUYER: RIVAL}.items():
        archives = [each.body for each in rehearsal.seen if each.who == who and each.body.startswith(b"PK")]
        rehearsal.expect(archives, "a buyer has got the archive")
        rehearsal.tried()
        with ZipFile(BytesIO(archives[-1])) as archive:
            if rehearsal.things[partner].code not in archive.read("data.json").decode():
                rehearsal.breach("access", f"who brought the order of the {who} is not in the archive")


@probe(PURPOSE, stage=Stage.BREAK_IN)
def no_code_that_names_no_purpose_reads_the_address_of_a_visit(rehearsal: Rehearsal) -> None:
    visits = list(Click._base_manager.all())
    rehearsal.expect(visits, "there are visits")
    rehearsal.tried(len(visits))
    if any(opens_for_anybody(visit) for visit in visits):
        rehearsal.breach(PURPOSE, "affiliates_click.address opens for code that names no purpose")


def opens_for_anybody(visit: Click) -> bool:
    try:
        return visit.address is not None
    except PurposeNotAllowed:
        return False


def come(rehearsal: Rehearsal, who: str, address: str) -> SiteBrowser:
    """Follows a link with canaries in everything that a browser sends along."""
    agent, page, name, value = (
        rehearsal.canary(who, what, CanaryKind.VISIT, kept=False).rstrip("Ö")
        for what in ("browser", "referring page", "parameter", "value of a parameter")
    )
    agent = f"Mozilla/5.0 (X11; Linux) Firefox/140.0 {agent}"
    browser = rehearsal.browser(who, kind=CanaryKind.VISIT, **{"User-Agent": agent})
    sent = {"referer": f"https://{page}.example/{page}"}
    browser.open(f"{address}{'&' if '?' in address else '?'}{name}={value}", headers=sent)
    rehearsal.expect(COOKIE in browser.client.cookies, "a click sets the cookie")
    rehearsal.tried()
    return browser
