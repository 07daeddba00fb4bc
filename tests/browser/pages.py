"""The pages that a browser looks at, found by following links, so that a new page is looked at unasked."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urldefrag, urljoin, urlsplit

from tests.running_site import RunningSite
from tests.visitor import Visitor

AREAS = ("public", "order", "quote", "portal", "admin")
FILES = re.compile(
    r"\.(csv|json|pem|pdf|png|svg|ico|txt|xml|zip|webmanifest|md)$|/(download|original)/|^/(go|mail|downloads|media)/"
)
ONE_OF_MANY = re.compile(
    r"[0-9a-f]{8}-[0-9a-f-]{27}"
    r"|(?<=/)(\d+|[A-Z]{1,2}-?[0-9A-Z]{6,}|[\w-]{40,})(?=/)"
)


HELD_MAIL = """From: Anna Agrees <anna@example.org>
Subject: Delete my data
Auto-Submitted: auto-generated

Now, please.
"""


@dataclass(frozen=True)
class Area:
    """Pages of one kind of reader. `cookies` are their sign-in."""

    name: str
    pages: list[str]
    cookies: dict[str, str]


def area(name: str, site: RunningSite) -> Area:
    return {"public": _public, "order": _order, "quote": _quote, "portal": _portal, "admin": _admin}[name](site)


def _public(site: RunningSite) -> Area:
    visitor = site.visitor()
    pages = _linked(visitor, "/", "/no/such/page/", inside=re.compile(r"/(?!admin/|mail/|accounts/(?!login|password))"))
    return Area("public", pages, {})


def _order(site: RunningSite) -> Area:
    """Of an order that is paid, of one that is not, and pages that a mail leads to."""
    buyer = site.visitor()
    pages = []
    for button in ("Pay", "Cancel and go back"):
        buyer.open("/checkout/bps-pro/")
        buyer.submit("Continue to PayPal", name="Olga Order", email="olga@example.org")
        buyer.submit(button)
        pages.append(urlsplit(buyer.response.url).path)
    pages += _linked(buyer, pages[0], inside=re.compile(re.escape(pages[0])))
    buyer.open("/privacy/request/")
    buyer.submit("Send me the link", email="olga@example.org", kind="access")
    pages.append(urlsplit(buyer.response.url).path)
    pages.append(urlsplit(site.link_in(site.mail("olga@example.org", "confirm your privacy request"))).path)
    return Area("order", list(dict.fromkeys(pages)), buyer.session.cookies.get_dict())


def _quote(site: RunningSite) -> Area:
    """Of a quote that its client may answer, and of one whose first installment is due."""
    client = site.visitor()
    offer, accepted = (_offer(site, email) for email in ("quinta@example.org", "quirin@example.org"))
    client.open(f"{accepted}accept/")
    client.submit("Accept and order", name="Quirin Quote")
    return Area("quote", [*_linked(client, offer, inside=re.compile(re.escape(offer))), accepted], {})


def _offer(site: RunningSite, email: str) -> str:
    """The address of a quote that staff made from a call."""
    staff = site.signed_in("staff")
    staff.open("/admin/contacts/inquiry/add/")
    staff.submit("Save", kind="quote", name="Quirin Quote", email=email, message="Ten pages and a logo, please.")
    staff.submit("New quote")
    staff.submit(
        "Save",
        **{
            "title": "A site for a bakery",
            "text": "With pictures.\n\nWithout words.",
            "lines-0-description": "Ten pages, each with pictures of the bread",
            "lines-0-unit_price_minor": "1200",
            "installments-0-label": "Deposit",
            "installments-0-percent": "50",
            "installments-1-label": "When the site is on line",
            "installments-1-due": "release",
        },
    )
    staff.open(f"{staff.url.partition('change/')[0]}send/")
    staff.submit("Send")
    return urlsplit(site.link_in(site.mail(email, "Our quote for you"))).path


def _portal(site: RunningSite) -> Area:
    affiliate = site.signed_in("affiliate")
    pages = _linked(
        affiliate,
        "/affiliates/portal/",
        "/accounts/security/",
        inside=re.compile("/affiliates/portal/|/accounts/security/"),
    )
    return Area("portal", pages, affiliate.session.cookies.get_dict())


def _admin(site: RunningSite) -> Area:
    """The first page and what it leads to: each list, and from each list a form for a new row and the page of one."""
    staff = site.signed_in("staff")
    staff.open("/admin/clients/agreement/add/")
    staff.submit("Save", name="Anna Agrees", email="anna@example.org", subject="Maintenance", starts_on="2026-01-01")
    site.command("receive_mail", stdin=HELD_MAIL)
    pages = _linked(staff, "/admin/", inside=re.compile(r"/admin/(?!logout|jsi18n)"), deep=2)
    return Area("admin", pages, staff.session.cookies.get_dict())


def _linked(visitor: Visitor, *starts: str, inside: re.Pattern[str], deep: int = 9) -> list[str]:
    """Pages that links lead to, without queries; of pages that differ by a number only, one."""
    found: dict[str, str] = {}
    ahead = [(start, 0) for start in starts]
    while ahead:
        path, depth = ahead.pop(0)
        kind = ONE_OF_MANY.sub("…", path)
        if kind in found:
            continue
        visitor.open(path, allow_redirects=False)
        if visitor.response.status_code >= 300 and path not in starts:
            continue
        found[kind] = path
        if depth < deep:
            ahead += [(link, depth + 1) for link in _links(visitor) if inside.match(link) and not FILES.search(link)]
    return list(found.values())


def _links(visitor: Visitor) -> list[str]:
    addresses = [urljoin(visitor.response.url, str(a["href"])) for a in visitor.page.find_all("a", href=True)]
    return [urlsplit(urldefrag(url)[0]).path for url in addresses if url.startswith(visitor.base)]
