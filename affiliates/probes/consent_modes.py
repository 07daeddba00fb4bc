"""`AFFILIATE_CONSENT` in each of its modes, over HTTP, whichever the site uses.

ask: a visitor who is asked, before and after the answer, and another site that answers in their name. link: a buyer who
leaves no trace, and a token that is forged or old.
"""

from __future__ import annotations

from django.test import override_settings
from django.utils import timezone

from affiliates.models import Attribution, Click, PendingVisitCount
from affiliates.tracking.link_token import PARAMETER, LinkToken
from affiliates.tracking.referral_cookie import COOKIE
from privacy.evidence.rehearsal.probes import Stage, probe
from privacy.evidence.rehearsal.rehearsal import Rehearsal, SiteBrowser
from shop.probes.buying import buy
from shop.probes.products import PRODUCT

from .expiry import LIFE, PROMISE
from .people import AFFILIATE, RIVAL

ASKED, TRACELESS, LATE = "visitor who is asked", "buyer who leaves no trace", "buyer with an old token"
FOLLOWED = "link that was followed"
ANSWER = "/privacy/referral/answer/"
ELSEWHERE = ({"sec-fetch-site": "cross-site"}, {"origin": "https://affiliate.example"}, {"x-origin": "not said"})


@probe(PROMISE, stage=Stage.BREAK_IN)
def nothing_is_stored_before_a_yes(rehearsal: Rehearsal) -> None:
    code, before = rehearsal.things[AFFILIATE].code, stored()
    with override_settings(AFFILIATE_CONSENT="ask"):
        browser = rehearsal.browser(ASKED)
        for address in (f"/go/{code}", f"/go/{code}/products/{PRODUCT}/", f"/?{PARAMETER}=x&ref={code}"):
            browser.open(address)
            look_for_traces(rehearsal, browser, before, "before the visitor has answered")
        field = browser.page.select_one("input[name=question]")
        rehearsal.expect(field, "a page asks")
        question = str(field["value"]) if field else ""
        for headers in ELSEWHERE:
            browser.send("post", browser.base + ANSWER, data={"question": question, "answer": "yes"}, headers=headers)
            look_for_traces(rehearsal, browser, before, "when another site says yes for the visitor")
        own = {"sec-fetch-site": "same-origin"}
        forged = {"question": question[:-1] + ("A" if question[-1] != "A" else "B"), "answer": "yes"}
        browser.send("post", browser.base + ANSWER, data=forged, headers=own)
        look_for_traces(rehearsal, browser, before, "when the question is forged")
        yes = {"question": question, "answer": "yes"}
        browser.send("post", browser.base + ANSWER, data=yes, headers={**own, "sec-gpc": "1"})
        look_for_traces(rehearsal, browser, before, "when the browser refuses")
        browser.send("post", browser.base + ANSWER, data=yes, headers=own)
        rehearsal.expect(COOKIE in browser.client.cookies, "a yes is stored")


@probe(PROMISE, stage=Stage.BREAK_IN)
def a_visit_that_may_not_be_stored_leaves_nothing_behind(rehearsal: Rehearsal) -> None:
    code, rows = rehearsal.things[AFFILIATE].code, Click._base_manager.count()
    with override_settings(AFFILIATE_CONSENT="link"):
        browser = rehearsal.browser(TRACELESS)
        for address in (f"/?ref={code}", f"/go/{code}/products/{PRODUCT}/"):
            browser.open(address)
            rehearsal.expect(f"{PARAMETER}={code}." in browser.url, "a link leads to a page with a token")
            rehearsal.tried()
            if browser.client.cookies or Click._base_manager.count() != rows:
                rehearsal.breach(PROMISE, "a visit is stored although nothing may be")
        token = browser.url.partition(f"{PARAMETER}=")[2]
        rehearsal.expect(is_credited(rehearsal, browser, token), "a token brings a commission")
        rehearsal.tried()
        if COOKIE in browser.client.cookies or Click._base_manager.count() != rows:
            rehearsal.breach(PROMISE, "an order stores a visit although nothing may be")
        look_at_forged_tokens(rehearsal, browser, token)
        rehearsal.things[FOLLOWED] = token


def look_at_forged_tokens(rehearsal: Rehearsal, browser: SiteBrowser, token: str) -> None:
    code, minute, signature = token.split(".")
    rival = rehearsal.things[RIVAL].code
    for forged in (f"{code}.{int(minute, 16) - 1:x}.{signature}", f"{rival}.{minute}.{signature}"):
        rehearsal.tried()
        if is_credited(rehearsal, browser, forged):
            rehearsal.breach(PROMISE, "a forged token brings a commission")


@probe(PROMISE, stage=Stage.EXPIRE)
def a_token_ends_after_30_days(rehearsal: Rehearsal) -> None:
    """The other probes of this stage have moved the clock past its end (`expiry`)."""
    token = rehearsal.things[FOLLOWED]
    parsed = LinkToken.parse(token)
    rehearsal.expect(parsed and parsed.followed_at + LIFE <= timezone.now(), "a token is 30 days old")
    with override_settings(AFFILIATE_CONSENT="link"):
        rehearsal.tried()
        if is_credited(rehearsal, rehearsal.browser(LATE), token):
            rehearsal.breach(PROMISE, "after 30 days a token brings a commission")


def is_credited(rehearsal: Rehearsal, browser: SiteBrowser, token: str) -> bool:
    buyer = buy(rehearsal, browser, query=f"?{PARAMETER}={token}")
    return Attribution.objects.filter(order__reference=buyer.reference).exists()


def stored() -> tuple[int, int]:
    return Click._base_manager.count(), PendingVisitCount.objects.count()


def look_for_traces(rehearsal: Rehearsal, browser: SiteBrowser, before: tuple[int, int], when: str) -> None:
    rehearsal.tried()
    if browser.client.cookies:
        rehearsal.breach(PROMISE, f"the device has a cookie {when}")
    if stored() != before:
        rehearsal.breach(PROMISE, f"a visit is stored or counted {when}")
