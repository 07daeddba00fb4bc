"""Visitors who come by a link of an affiliate's, with canaries in whatever a browser sends."""

from __future__ import annotations

from privacy.rehearsal.canaries import Kind
from privacy.rehearsal.probes import Stage, probe
from privacy.rehearsal.rehearsing import Rehearsal
from shop.probes.buying import buy
from shop.probes.products import PRODUCT

from .people import AFFILIATE

BUYER = "buyer"  # came by a link, and has paid


@probe("referral-for-commission-only", "paypal-only", "encrypted", stage=Stage.PLANT)
def somebody_comes_by_a_link_and_buys(rehearsal: Rehearsal) -> None:
    code = rehearsal.things[AFFILIATE].code
    browser = rehearsal.browser(BUYER, kind=Kind.VISIT)
    browser.open(f"/go/{code}/products/{PRODUCT}/?sub={rehearsal.canary(BUYER, 'label', Kind.VISIT, kept=False)}")
    rehearsal.expect("aitpro_referral" in browser.client.cookies, "a click sets the cookie")
    rehearsal.things[BUYER] = buy(rehearsal, browser)
    rehearsal.tried()
