"""Reduces a host name to the registrable domain of its network: all that is counted of a direct visitor.

The names come from whoever runs the network (PTR records), so they are hostile input. One that is not a plain host
name, or whose domain still spells the address, counts as unknown.
"""

from __future__ import annotations

import ipaddress
import re
from functools import cache

from publicsuffixlist import PublicSuffixList

UNKNOWN = "unknown"
LONGEST_NAME = 253  # characters, RFC 1035
_LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?")


def domain_of(name: str, address: str) -> str:
    """`dsl-7.customers.example.co.uk` → `example.co.uk`; `UNKNOWN` for names that reveal nothing, or too much."""
    name = name.rstrip(".").lower()
    if len(name) > LONGEST_NAME or not all(_LABEL.fullmatch(label) for label in name.split(".")):
        return UNKNOWN
    domain = _suffixes().privatesuffix(name)
    if domain is None or _spells(domain, address):
        return UNKNOWN
    return domain


def is_public(address: str | None) -> bool:
    """Whether an address is public, so that a reverse lookup makes sense."""
    return address is not None and ipaddress.ip_address(address).is_global


@cache
def _suffixes() -> PublicSuffixList:
    """Uses the ICANN section of the public suffix list: a hosting company's customers count as the company."""
    return PublicSuffixList(only_icann=True, accept_unknown=False)


def _spells(domain: str, address: str) -> bool:
    """Whether the domain contains the address, in any of the notations that networks use."""
    ip = ipaddress.ip_address(address)
    if isinstance(ip, ipaddress.IPv4Address):
        octets = str(ip).split(".")
        spelled = ["".join(octets), "".join(f"{int(o):03}" for o in octets), "".join(reversed(octets))]
        spelled += [ip.packed.hex(), str(int(ip))]
    else:
        spelled = [ip.packed.hex(), ip.packed.hex()[16:], "".join(str(ip).split(":"))]
    # In groups, as in 203-0-113-7: compared without separators.
    letters = re.sub(r"[^0-9a-z]", "", domain)
    return any(text in letters for text in spelled)
