"""Finds the hosts that a page makes a browser contact: resources and form targets."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from urllib.parse import urlsplit

# Links are followed by people; browsers load everything else in these attributes themselves.
LOADED = {"src", "srcset", "data", "poster", "background", "ping", "action", "formaction"}
RELATIONS = {"stylesheet", "icon", "preload", "prefetch", "preconnect", "dns-prefetch", "modulepreload", "manifest"}
IN_STYLE = re.compile(r"""(?:url\(|@import)\s*["']?\s*((?:https?:)?//[^"')\s]+)""", re.IGNORECASE)


class Origins(HTMLParser):
    """Collects in `hosts` every host from which a page loads resources or to which it sends forms."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.hosts: set[str] = set()
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        for name in LOADED & values.keys():
            self._note(*values[name].split() if name == "srcset" else [values[name]])
        if tag == "link" and RELATIONS & set(values.get("rel", "").lower().split()):
            self._note(values.get("href", ""))
        if tag == "meta" and values.get("http-equiv", "").lower() == "refresh":
            self._note(values.get("content", "").partition("=")[2])
        self.handle_data(values.get("style", ""))

    handle_startendtag = handle_starttag

    def handle_data(self, data: str) -> None:
        self._note(*IN_STYLE.findall(data))

    def _note(self, *addresses: str) -> None:
        self.hosts |= {host for address in addresses if (host := host_of(address))}


def host_of(address: str) -> str:
    """Empty for a path of this site."""
    try:
        return urlsplit(address.strip()).netloc.lower()
    except ValueError:
        return address  # an unparsable address counts as a foreign host
