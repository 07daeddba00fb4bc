"""Searches what affiliates can see (each page and file of the portal, and each email) for data about their visitors.

An affiliate learns only the amount and the day of a sale (ADR 25).
"""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import SplitResult, urljoin, urlsplit

from affiliates.models import Attribution, Click, Commission
from privacy.evidence.rehearsal.canaries import Canary, CanaryKind
from privacy.evidence.rehearsal.probes import Stage, probe
from privacy.evidence.rehearsal.rehearsal import Rehearsal, SiteBrowser
from privacy.evidence.rehearsal.search import Search
from shop.models import Order, Payment

from .people import AFFILIATE, RIVAL

MOST = 80  # pages of one affiliate
FILES = ("commissions", "payouts", "ledger", "events")
PRIVATE, PURPOSE = "correspondence-private", "referral-for-commission-only"


@probe(PRIVATE, PURPOSE, stage=Stage.LOOK)
def affiliates_learn_no_more_than_a_sale(rehearsal: Rehearsal) -> None:
    look_through_their_eyes(rehearsal)


def look_through_their_eyes(rehearsal: Rehearsal) -> None:
    for who in (AFFILIATE, RIVAL):
        opened = read_everything(rehearsal.things[who].browser)
        rehearsal.expect(opened > 12, "an affiliate can open the pages of the portal")
        rehearsal.tried(opened)
        search = Search([*rehearsal.canaries, *rows_of_sales()])
        for place, content in what_was_seen_by(rehearsal, who):
            rehearsal.searched(PRIVATE)
            rehearsal.searched(PURPOSE)
            for found in search.found_in(content):
                if found.owner == who or found.kind is CanaryKind.CARD:  # typed by themselves
                    continue
                promise = PURPOSE if found.kind is CanaryKind.VISIT else PRIVATE
                rehearsal.breach(promise, f"the {found.what} of the {found.owner} in {place}")


def read_everything(browser: SiteBrowser) -> int:
    """Follows every link within the portal, downloads its files, and tests a link. Returns how many were opened."""
    files = (f"/affiliates/portal/files/{kind}.csv" for kind in FILES)
    done, waiting = set[str](), ["/affiliates/portal/", "/affiliates/portal/events/?kind=sale", *files]
    while waiting and len(done) < MOST:
        browser.send("get", urljoin(browser.base, waiting[0]))
        done.add(waiting.pop(0))
        if "html" in browser.headers.get("Content-Type", ""):
            links = browser.page.select("main a[href]")
            found = [urlsplit(urljoin(browser.url, str(link["href"]))) for link in links]
            waiting += [each for each in map(address_in_portal, found) if each and each not in {*done, *waiting}]
    return len(done)


def address_in_portal(link: SplitResult) -> str:
    """Without filters of a list; empty for the rest of the site."""
    in_portal = link.path.startswith("/affiliates/") or "test=" in link.query
    return f"{link.path}?{link.query}" if in_portal else ""


def what_was_seen_by(rehearsal: Rehearsal, who: str) -> Iterator[tuple[str, bytes]]:
    """Each response that this affiliate got since the start, and each email."""
    for seen in rehearsal.seen:
        if seen.who == who:
            yield f"{seen.route}, as an affiliate sees it", repr(seen.headers).encode() + seen.body
    for mail in rehearsal.mails(rehearsal.things[who].address):
        parts = [part.get_content() for part in mail.walk() if part.get_content_maintype() == "text"]
        yield f"the mail {mail['Subject']!r} to an affiliate", "".join([str(mail["Subject"]), *parts]).encode()


def rows_of_sales() -> Iterator[Canary]:
    """Row ids, which reveal the millisecond of a click or a purchase."""
    for model in (Order, Payment, Attribution, Commission, Click):
        for key in model._base_manager.values_list("pk", flat=True):
            yield Canary(str(key), "buyer", f"id in {model._meta.db_table}")
            yield Canary(key.hex, "buyer", f"id in {model._meta.db_table}")
