"""A UDP name server on loopback with the names given by a test."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from dnslib import PTR, QTYPE, RR
from dnslib.server import BaseResolver, DNSLogger, DNSServer


class Names(BaseResolver):  # type: ignore[misc]  # (dnslib has no types)
    """`names` maps addresses, written as in a PTR question, to what the network says of them; `asked` counts."""

    def __init__(self) -> None:
        self.names: dict[str, str] = {}
        self.asked: list[str] = []

    def resolve(self, request: Any, handler: Any) -> Any:
        question, reply = str(request.q.qname).rstrip("."), request.reply()
        self.asked.append(question)
        if question in self.names:
            reply.add_answer(RR(request.q.qname, QTYPE.PTR, rdata=PTR(self.names[question])))
        return reply

    def name(self, address: str, name: str) -> None:
        self.names[".".join(reversed(address.split("."))) + ".in-addr.arpa"] = name


@contextmanager
def name_server() -> Iterator[tuple[Names, tuple[str, int]]]:
    names = Names()
    server = DNSServer(names, address="127.0.0.1", port=0, logger=DNSLogger(log="-request,-reply"))
    server.start_thread()
    try:
        yield names, server.server.server_address
    finally:
        server.stop()
        server.server.server_close()
