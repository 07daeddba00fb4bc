"""The 30 days: of the cookie, the row, the archive, the right to a commission, and the day's key.

A visit is checked one minute before its end, at its end, and after it: by its visitor, by a buyer who requests an
archive, by the site's own code, and by somebody who kept a copy of the row.
"""

from __future__ import annotations

import io
import zipfile
from datetime import datetime, timedelta

from affiliates.models import Attribution, Click
from affiliates.tracking.referral_cookie import COOKIE
from privacy.evidence.rehearsal.canaries import CanaryKind
from privacy.evidence.rehearsal.opened_texts import opened_texts
from privacy.evidence.rehearsal.probes import Stage, probe
from privacy.evidence.rehearsal.rehearsal import Rehearsal, SiteBrowser
from privacy.evidence.rehearsal.search import Search
from privacy.keystore.day_keys import KeyDestroyed
from privacy.keystore.models import DayKey
from privacy.registry.purpose_binding import acting_for
from privacy.registry.purposes import Purpose
from shop.probes.buying import buy
from shop.probes.products import PRODUCT

from .people import RIVAL
from .visits import come

PROMISE = "referral-30-days"
LIFE = timedelta(days=30)  # as the policy has it, whatever the code says
LAST_PURGE = timedelta(hours=1)  # after the end, at the latest
LATE_VISITOR, LATE_BUYER = "visitor who buys too late", "buyer whose visit ends"


@probe(PROMISE, stage=Stage.EXPIRE)
def a_visit_ends_after_30_days(rehearsal: Rehearsal) -> None:
    browsers = [come_by_the_last_link(rehearsal, who) for who in (LATE_VISITOR, LATE_BUYER)]
    visits = list(Click._base_manager.order_by("-clicked_at")[:2])
    first, last = (min(each.clicked_at for each in visits), max(each.clicked_at for each in visits))
    buy(rehearsal, browsers[1])
    rehearsal.days_pass(29)
    rehearsal.expect(is_known(browsers[0]), "a visit is known for 29 days")
    rehearsal.expect(visit_in_archive(rehearsal, browsers[1]), "an archive has the visit for 29 days")
    with rehearsal.at(first + LIFE - timedelta(minutes=1)):
        rehearsal.expect(is_known(browsers[0]), "a visit is known until its last minute")
    for late in (timedelta(0), timedelta(seconds=1)):
        with rehearsal.at(last + LIFE + late):
            look_at_the_end(rehearsal, browsers, visits)
    look_after_the_purge(rehearsal, visits, last + LIFE + LAST_PURGE)


def come_by_the_last_link(rehearsal: Rehearsal, who: str) -> SiteBrowser:
    browser = come(rehearsal, who, f"/go/{rehearsal.things[RIVAL].code}/products/{PRODUCT}/")
    if int(browser.client.cookies[COOKIE]["max-age"] or 0) > LIFE.total_seconds():
        rehearsal.breach(PROMISE, "the cookie is kept for more than 30 days")
    return browser


def look_at_the_end(rehearsal: Rehearsal, browsers: list[SiteBrowser], visits: list[Click]) -> None:
    """Before any purge: what is still in the database must be unreadable."""
    visitor, buyer = browsers
    found = {
        "the page 'who sent me?' shows a visit": is_known(visitor),
        "affiliates_click is read": Click.objects.filter(pk__in=[each.pk for each in visits]).exists(),
        "an archive has a visit": visit_in_archive(rehearsal, buyer),
        "a cookie brings a commission": is_credited(rehearsal, visitor),
    }
    report(rehearsal, found)


def look_after_the_purge(rehearsal: Rehearsal, visits: list[Click], moment: datetime) -> None:
    """`visits` are a thief's copy of the rows: what was sealed in them must no longer open for anybody."""
    with rehearsal.at(moment):
        rehearsal.housekeep()
        days = {each.clicked_at.date() for each in visits}
        found = {
            "affiliates_click has a row": Click._base_manager.filter(pk__in=[each.pk for each in visits]).exists(),
            "keystore_daykey has the key": DayKey.objects.filter(day__in=days, destroyed_at=None).exists(),
            "a copy of affiliates_click.address opens": any(opens(each) for each in visits),
            **{f"{place} has a word of a visit": True for place in words_of_visits(rehearsal)},
        }
    report(rehearsal, found)


def report(rehearsal: Rehearsal, found: dict[str, bool]) -> None:
    rehearsal.tried(len(found))
    for place in (place for place, is_there in found.items() if is_there):
        rehearsal.breach(PROMISE, f"after 30 days {place}")


def is_known(visitor: SiteBrowser) -> bool:
    visitor.open("/privacy/referral/")
    return "You followed a link of" in visitor.text


def is_credited(rehearsal: Rehearsal, visitor: SiteBrowser) -> bool:
    return Attribution.objects.filter(order__reference=buy(rehearsal, visitor).reference).exists()


def visit_in_archive(rehearsal: Rehearsal, buyer: SiteBrowser) -> bool:
    """Requests an archive as the buyer."""
    address = next(each.word for each in rehearsal.canaries if each.owner == buyer.who and each.what == "email")
    address = f"{address.rstrip('Ö')}@example.org"
    buyer.open("/privacy/request/")
    buyer.submit("Send me the link", email=address, kind="access")
    buyer.open(rehearsal.link_in(rehearsal.mail(address, "confirm your privacy request")))
    buyer.submit("Create my archive")
    buyer.follow("Download the archive")
    with zipfile.ZipFile(io.BytesIO(buyer.content)) as archive:
        return buyer.network in archive.read("data.json").decode()


def opens(visit: Click) -> bool:
    try:
        with acting_for(Purpose.PRIVACY_REQUEST):
            return visit.address is not None
    except KeyDestroyed:
        return False


def words_of_visits(rehearsal: Rehearsal) -> set[str]:
    """The places where anything that a browser sent with a click can be opened."""
    search, found = Search(rehearsal.canaries), set[str]()
    for place, text in opened_texts():
        rehearsal.searched(PROMISE)
        if any(canary.kind is CanaryKind.VISIT for canary in search.found_in(text.encode())):
            found.add(place)
    return found
