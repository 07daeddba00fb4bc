"""Direct visitors come, whose networks' names try to tell more than a domain; and the domains are sought elsewhere."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from socketserver import BaseRequestHandler, ThreadingUDPServer
from threading import Thread
from typing import Any
from unittest import mock

import dns.message
import dns.reversename
import dns.rrset
from django.db import connection
from django.test import override_settings

from privacy.evidence.rehearsal.canaries import CanaryKind
from privacy.evidence.rehearsal.personal_data_map import sealed_values
from privacy.evidence.rehearsal.probes import Stage, probe
from privacy.evidence.rehearsal.rehearsal import Rehearsal

from .counter import TrafficCounter
from .domains import UNKNOWN
from .models import DomainDay

DOMAIN = "domain of a direct visitor"  # in `things`
READING_TIME = timedelta(seconds=5)


@probe("direct-visits-domain-only", stage=Stage.PLANT)
def direct_visit_counts_only_its_domain(rehearsal: Rehearsal) -> None:
    """One network's name names its customer, one spells the address, one has no name. The customer writes, too."""
    host = rehearsal.canary("direct visitor", "host name", CanaryKind.DIRECT, kept=False).rstrip("Ö")
    domain = rehearsal.things[DOMAIN] = f"n{secrets.token_hex(8)}.com"
    addresses = [public_address() for _ in range(3)]
    names = {addresses[0]: f"{host}.customers.{domain}.", addresses[1]: f"{addresses[1].replace('.', '-')}.com."}
    with counting(names) as counter:
        for address in addresses:
            visit(rehearsal, address)
        counter.look_up()
        counter.write()
    found = set(DomainDay.objects.values_list("domain", flat=True)) - {UNKNOWN}
    rehearsal.expect(any(domain in each for each in found), "the domain of a direct visitor is counted")
    rehearsal.searched("direct-visits-domain-only", len(found))
    if found - {domain}:
        rehearsal.breach("direct-visits-domain-only", "traffic_domainday.domain holds more than a domain")


def visit(rehearsal: Rehearsal, address: str) -> None:
    """Sends an email address in a header that some programs send."""
    email = rehearsal.canary("direct visitor", "From header", CanaryKind.DIRECT, kept=False).rstrip("Ö")
    visitor = rehearsal.browser("direct visitor", network=address, From=f"{email}@example.org")
    for page in ("/", "/services/", "/privacy/", "/no-such-page/"):
        visitor.open(page)
        rehearsal.tried()
    visitor.open("/contact/")
    rehearsal.time_passes(READING_TIME)
    words = {what: rehearsal.canary("direct visitor", what) for what in ("name", "message")}
    visitor.submit("Send the message", **words, email=rehearsal.address("direct visitor"), kind="question")
    rehearsal.expect("we received your message" in visitor.text, "a direct visitor can write")


@probe("domains-count-traffic-only", stage=Stage.LOOK)
def domains_are_stored_only_as_counts(rehearsal: Rehearsal) -> None:
    """In every table, opened where it is sealed, and on every page but those of the traffic."""
    domain = rehearsal.things[DOMAIN]
    for row, field, value in sealed_values():
        if domain.encode() in (value if isinstance(value, bytes) else str(value).encode()):
            rehearsal.breach("domains-count-traffic-only", f"{row._meta.db_table}.{field.column}")
    with connection.cursor() as cursor:
        for table in set(connection.introspection.table_names(cursor)) - {DomainDay._meta.db_table}:
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")  # noqa: S608
            rehearsal.searched("domains-count-traffic-only")
            if any(domain in str(row) for row in cursor.fetchall()):
                rehearsal.breach("domains-count-traffic-only", f"a column of {table}")
    for seen in rehearsal.seen:
        if domain.encode() in seen.body and not seen.route.startswith("admin/traffic/"):
            rehearsal.breach("domains-count-traffic-only", f"shown to {seen.who} at {seen.route}")
    rehearsal.tried()


def public_address() -> str:
    """In a network of a large provider, because nobody asks for the names of those that are reserved. Only the name
    server below hears of it."""
    return f"8.94.{100 + secrets.randbelow(156)}.{100 + secrets.randbelow(156)}"


@contextmanager
def counting(names: dict[str, str]) -> Iterator[TrafficCounter]:
    """Browsers that start now are counted, with these names of addresses, by a counter without a thread."""
    with ExitStack() as stack:
        server = stack.enter_context(ThreadingUDPServer(("127.0.0.1", 0), answering(names)))
        Thread(target=server.serve_forever, daemon=True).start()
        stack.callback(server.shutdown)
        stack.enter_context(override_settings(TRAFFIC_NAMESERVER=server.server_address, TRAFFIC_COUNTED=True))
        counter = TrafficCounter()
        stack.enter_context(mock.patch.object(counter, "run_in_background"))
        stack.enter_context(mock.patch("aitpro.traffic.middleware.traffic_counter", lambda: counter))
        yield counter


def answering(names: dict[str, str]) -> type[BaseRequestHandler]:
    """A name server for the names of addresses, and nothing else."""
    known = {dns.reversename.from_address(address): name for address, name in names.items()}

    class Answer(BaseRequestHandler):
        def handle(self) -> None:
            data, socket = self.request
            query: Any = dns.message.from_wire(data)
            answer = dns.message.make_response(query)
            if name := known.get(query.question[0].name):
                answer.answer.append(dns.rrset.from_text(query.question[0].name, 60, "IN", "PTR", name))
            socket.sendto(answer.to_wire(), self.client_address)

    return Answer
