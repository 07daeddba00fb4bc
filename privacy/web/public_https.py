"""HTTPS to addresses that others typed: to public servers alone, so that nobody reaches this network through the site.

The name is resolved once per request, every address it has is checked, and the connection is made to one of these. A
name server that answers differently a moment later (DNS rebinding) changes nothing. The certificate must be the
name's. Redirects are not followed, proxies of the environment not used, and the body of the answer not read.
"""

from __future__ import annotations

import re
import socket
from collections.abc import Mapping
from http.client import HTTPException
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from urllib.parse import quote, urlsplit

import idna

from .bounded_http import BoundedHTTPS
from .bounded_sockets import Resolved, connect_to, deadline

PORT = 443
LONGEST_URL = 500  # characters, as typed
TOO_LONG = f"This address is too long. It may have {LONGEST_URL} characters."
UNWRITABLE = re.compile(r"[\s\\\x00-\x1f\x7f]")  # `urlsplit` would drop some of these silently
NUMERIC = re.compile(r"\d+|0x[0-9a-f]*")  # the last label of what resolvers read as an IPv4 address
IN_PATH, IN_QUERY = "/%:@!$&'()*+,;=~", "/%:@!$&'()*+,;=~?"

# IANA's registries of special-purpose addresses, beyond those that Python calls not global; 2000::/3 is the only
# IPv6 space of public hosts, so NAT64 (64:ff9b::/96) and IPv4-mapped addresses are outside it.
NOT_PUBLIC_V4 = tuple(map(ip_network, ("192.0.0.0/24", "192.88.99.0/24", "168.63.129.16/32")))  # last: a cloud's host
PUBLIC_V6 = ip_network("2000::/3")
NOT_PUBLIC_V6 = tuple(map(ip_network, ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20")))  # Teredo, 6to4, …
# Names that mean something in this network or nothing at all (RFC 6761, RFC 6762, RFC 7686, RFC 8375, RFC 9476).
SPECIAL_NAMES = frozenset({"alt", "arpa", "example", "internal", "invalid", "local", "localhost", "onion", "test"})


class URLRefused(ValueError):
    """A typed address can't be used. The text says why, for the person who typed it."""


class NotPublic(OSError):
    """The name leads to no address, or to one that isn't public. Telling these apart would tell strangers
    which names this network has."""


class BadAnswer(OSError):
    """What was answered isn't HTTP."""


def clean_url(text: str) -> str:
    """The URL in ASCII, its name by UTS 46. Only https, port 443, and a name. Raises `URLRefused`."""
    text = text.strip()
    if len(text) > LONGEST_URL:
        raise URLRefused(TOO_LONG)
    if UNWRITABLE.search(text):
        raise URLRefused("The address must not contain spaces, backslashes or control characters.")
    try:
        parts = urlsplit(text)
        port, host = parts.port, parts.hostname or ""
    except ValueError:
        raise URLRefused("Enter a complete address, such as https://hooks.example.com/sales.") from None
    if parts.scheme != "https" or not host:
        raise URLRefused("Enter an address that starts with https://, such as https://hooks.example.com/sales.")
    if "@" in parts.netloc:
        raise URLRefused("The address must not contain a user name or a password.")
    if port not in (None, PORT):
        raise URLRefused("Only port 443, the usual one of https, can be used.")
    if "#" in text:
        raise URLRefused("Leave out the part from # on: it is never sent to a server.")
    query = f"?{quote(parts.query, safe=IN_QUERY)}" if parts.query else ""
    return f"https://{_ascii_name(host)}{quote(parts.path or '/', safe=IN_PATH)}{query}"


def _ascii_name(host: str) -> str:
    try:
        name = idna.encode(host.rstrip("."), uts46=True).decode("ascii")
    except UnicodeError:  # `IDNAError` is one; also of an IPv6 address
        raise URLRefused("The name of the server is not valid. Enter a name, such as hooks.example.com.") from None
    if "." not in name or NUMERIC.fullmatch(name.rpartition(".")[2]):
        raise URLRefused("Enter the public name of a server, such as hooks.example.com, and no IP address.")
    if is_special(name):
        raise URLRefused("This name leads to no public server. Enter one that does, such as hooks.example.com.")
    return name


def is_special(host: str) -> bool:
    """Whether no public name server may know this name."""
    return host.rpartition(".")[2] in SPECIAL_NAMES


def is_public(address: str) -> bool:
    """Whether it is the address of a host on the public internet, by its own form alone."""
    ip: IPv4Address | IPv6Address = ip_address(address)
    if not ip.is_global or ip.is_multicast:
        return False
    if isinstance(ip, IPv4Address):
        return not any(ip in network for network in NOT_PUBLIC_V4)
    return ip in PUBLIC_V6 and not any(ip in network for network in NOT_PUBLIC_V6)


def resolve_public(host: str) -> list[Resolved]:
    """All addresses of the name. Raises `NotPublic` if there is none, or a single one isn't public."""
    if is_special(host):
        raise NotPublic("a name of private networks")
    try:
        resolved = socket.getaddrinfo(host, PORT, type=socket.SOCK_STREAM)
    except (socket.gaierror, UnicodeError):
        raise NotPublic("no address") from None
    if not all(is_public(str(address[0])) for *_, address in resolved):
        raise NotPublic("an address that isn't public")
    return list(resolved)


class PublicHTTPS(BoundedHTTPS):
    """Connects to a public address of the host, and to the name in SNI, certificate and Host header."""

    def connect(self) -> None:
        line = connect_to(resolve_public(self.host), timeout=self.timeout)
        self.sock = self._tls.wrap_socket(line, server_hostname=self.host)


def post(url: str, body: bytes, headers: Mapping[str, str], *, seconds: float) -> int:
    """Posts to a URL of `clean_url`. Returns the status code of the answer, whose headers alone are read (of at most
    100 lines), within `seconds` for everything but the name's resolution.

    Raises an `OSError`: one of this module's, `TimeoutError`, `ssl.SSLError`, or another.
    """
    parts = urlsplit(url)
    target = f"{parts.path}?{parts.query}" if parts.query else parts.path
    with deadline(seconds):
        connection = PublicHTTPS(parts.hostname or "", PORT, timeout=seconds)
        try:
            connection.request("POST", target, body, dict(headers))
            return connection.getresponse().status
        except HTTPException as error:
            raise BadAnswer(type(error).__name__) from None
        finally:
            connection.close()
