"""Nobody else learns of a visit: checks page resources, the server's connections, and PayPal."""

from __future__ import annotations

import ipaddress
import socket
import sys
from collections.abc import Iterator
from typing import Any

from django.conf import settings

from affiliates.probes.people import AFFILIATE, RIVAL
from aitpro.evidence import AD_MARKS, AD_NETWORKS, NEEDED, ServedPage, policy_of
from privacy.evidence.rehearsal.canaries import CanaryKind, files_below
from privacy.evidence.rehearsal.probes import Stage, probe
from privacy.evidence.rehearsal.rehearsal import Rehearsal, SeenResponse
from privacy.evidence.rehearsal.search import Search

CONNECTIONS = "what the site's own process connected to elsewhere"
READ = "how many pages were read for what they load"
CONNECTING = {"socket.connect", "socket.sendto", "socket.sendmsg"}
ASKING_FOR_A_NAME = {"socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr", "socket.getnameinfo"}


@probe("not-shared", stage=Stage.SET_UP)
def server_connections_are_watched(rehearsal: Rehearsal) -> None:
    """Watches connections through Python's audit hook until the process ends."""
    found: set[str] = rehearsal.things.setdefault(CONNECTIONS, set())

    def watch(event: str, arguments: tuple[Any, ...]) -> None:
        if event in CONNECTING and arguments[0].family != socket.AF_UNIX and not stays_here(arguments[1]):
            found.add(event)
        if event in ASKING_FOR_A_NAME and not stays_here(arguments):
            found.add(event)

    sys.addaudithook(watch)


def stays_here(address: Any) -> bool:
    """Whether the address is on this machine or one of the site's own services. A connected socket has no address."""
    host = address[0] if isinstance(address, tuple) else address
    host = host[0] if isinstance(host, tuple) else host
    if host is None or host in {"localhost", "", *own_services()}:
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def own_services() -> set[str]:
    return {str(database.get("HOST", "")) for database in settings.DATABASES.values()}


@probe("not-shared", stage=Stage.LAST)
def server_connected_to_no_third_party(rehearsal: Rehearsal) -> None:
    rehearsal.tried()
    for event in rehearsal.things[CONNECTIONS]:
        rehearsal.breach("not-shared", f"the server reached out to another machine ({event})")


@probe("not-shared", "no-ad-servers", stage=Stage.LOOK)
def no_page_contacts_third_parties(rehearsal: Rehearsal) -> None:
    read_pages(rehearsal)


@probe("not-shared", "no-ad-servers", stage=Stage.LAST)
def no_later_page_contacts_third_parties(rehearsal: Rehearsal) -> None:
    read_pages(rehearsal)


def read_pages(rehearsal: Rehearsal) -> None:
    """Checks each page served since the last call, staff pages included."""
    for seen in rehearsal.seen[rehearsal.things.get(READ, 0) :]:
        if seen.is_html:
            rehearsal.searched("not-shared")
            rehearsal.searched("no-ad-servers")
            for promise in broken_by(seen):
                rehearsal.breach(promise, f"a page at {seen.route or 'an unknown address'}")
    rehearsal.things[READ] = len(rehearsal.seen)


def broken_by(seen: SeenResponse) -> Iterator[str]:
    """The broken promises. An ad network breaks only its own promise."""
    page = ServedPage(seen.body.decode(errors="replace").lower(), policy_of(seen.headers))
    if any(mark in page.html for mark in (*AD_NETWORKS, *AD_MARKS)):
        yield "no-ad-servers"
    others = [host for host in page.third_parties if not any(mark in host for mark in AD_NETWORKS)]
    if others or page.lets_in or not page.policy.keys() >= NEEDED:
        yield "not-shared"


@probe("not-shared", stage=Stage.LAST)
def paypal_got_only_what_was_entered_there(rehearsal: Rehearsal) -> None:
    """PayPal may get the order number and an affiliate's payout address, but nothing of a visit and nothing else about
    a person."""
    search = Search(rehearsal.canaries)
    for path in files_below(rehearsal.folder / "paypal-standin"):
        rehearsal.searched("not-shared")
        for canary in search.found_in(path.read_bytes()):
            is_receiver = canary.owner in {AFFILIATE, RIVAL} and canary.what == "email"
            if (
                canary.kind not in {CanaryKind.PUBLIC, CanaryKind.NUMBER}
                and "PayPal" not in canary.what
                and not is_receiver
            ):
                rehearsal.breach("not-shared", f"PayPal was told the {canary.what} of the {canary.owner}")
