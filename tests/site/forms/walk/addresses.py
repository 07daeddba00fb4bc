"""Every URL of the resolver, with ids of real rows and with invalid ones, and the fields of its page."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

from bs4 import BeautifulSoup
from django.urls import URLPattern, get_resolver

from .oddities import FORM, IN_PATHS, LOOKUPS, NAMES, VALUES, Request

PART = re.compile(r"<(?:(\w+):)?(\w+)>")


def routes(patterns: Any = None, route: str = "", namespace: str = "") -> Iterator[tuple[str, str]]:
    """The route and the full name of every address that the site answers."""
    for pattern in get_resolver().url_patterns if patterns is None else patterns:
        whole = route + str(pattern.pattern)
        if isinstance(pattern, URLPattern):
            yield whole, f"{namespace}{pattern.name or ''}"
        else:
            inner = f"{pattern.namespace}:" if pattern.namespace else namespace
            yield from routes(pattern.url_patterns, whole, inner)


def malformed(route: str) -> Iterator[Request]:
    """The address with each of these values in the place of its parts."""
    path = route.replace("(?P<url>.*)$", "<url>").partition("^(?P<app_label>")
    whole = path[0] + ("<app_label>/" if path[1] else "")
    for value in IN_PATHS if "<" in whole else []:
        yield Request("/" + PART.sub(value.replace("\\", ""), whole))


def named_on(page: bytes, path: str) -> list[str]:
    """The parameters that this page's forms and links hold."""
    soup = BeautifulSoup(page, "html.parser")
    names = {str(field["name"]) for field in soup.select("input[name], select[name], textarea[name], button[name]")}
    for link in soup.select("a[href]"):
        parts = urlsplit(str(link["href"]))
        if parts.path in {"", path}:
            names |= {name for name, _ in parse_qsl(parts.query, keep_blank_values=True)}
    return sorted(names)


def choices_on(page: bytes) -> Iterator[tuple[str, str]]:
    """What its forms let people choose: an action of a list, a kind, a step."""
    soup = BeautifulSoup(page, "html.parser")
    for select in soup.select("form select[name]"):
        for option in select.select("option[value]")[:8]:
            yield str(select["name"]), str(option["value"])
    for button in soup.select("form button[name][value], form input[type=submit][name]"):
        yield str(button["name"]), str(button.get("value", ""))


def filled_in(path: str, page: bytes) -> Iterator[Request]:
    """Its forms with one choice made and everything else odd."""
    names = named_on(page, path)
    for number, (name, choice) in enumerate(choices_on(page)):
        odd = VALUES[number % len(VALUES)]
        fields = [f"{each}={odd}" for each in names if each != name] + [f"{quote(name)}={quote(choice)}"]
        yield Request(path, "POST", content_type=FORM, body="&".join(fields).encode())
        yield Request(path, query="&".join(fields))


def parameters(path: str, page: bytes, filters: list[str]) -> list[str]:
    looked_up = [f"{name}{end}" for name in filters for end in LOOKUPS]
    return [*named_on(page, path), *filters, *looked_up, *NAMES]
