"""Parses pages into links and forms."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

from django.conf import settings
from django.urls import Resolver404, resolve

NUMBERED = re.compile(r"-\d+-")


@dataclass
class Form:
    """A form on a page. `fields` are types by name, `values` what a browser sends for unmodified fields, `options` the
    available choices."""

    method: str
    action: str
    fields: dict[str, str] = field(default_factory=dict)
    values: dict[str, list[str]] = field(default_factory=dict)
    options: dict[str, list[str]] = field(default_factory=dict)
    buttons: list[tuple[str, str]] = field(default_factory=list)


class PageParser(HTMLParser):
    """A streaming parser, faster than building a tree for thousands of pages."""

    def __init__(self, path: str, body: bytes) -> None:
        super().__init__()
        self.path = path
        self.links: set[str] = set()
        self.forms: list[Form] = []
        self._form: Form | None = None
        self._list = self._text = ""  # the currently open drop-down and text area
        self.feed(body.decode(errors="replace"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        for name in ("href", "action", "src", "formaction"):
            if name in given:
                self.links.add(urljoin(self.path, given[name]))
        if tag == "form":
            action = urljoin(self.path, given.get("action", ""))
            self._form = Form(given.get("method", "get").lower(), action)
            self.forms.append(self._form)
        elif self._form is not None:
            self._take(self._form, tag, given)

    def _take(self, form: Form, tag: str, given: dict[str, str]) -> None:
        name, kind = given.get("name", ""), given.get("type", "submit" if tag == "button" else "text")
        value = given.get("value", "on" if kind == "checkbox" else "")
        if tag == "option" and self._list:
            self._offer(form, self._list, value, "selected" in given)
        elif name and kind == "submit" and tag in {"input", "button"}:
            form.buttons.append((name, value))
        elif name and tag in {"input", "select", "textarea"}:
            form.fields[name] = tag if tag != "input" else kind
            self._list, self._text = (name, "") if tag == "select" else ("", name if tag == "textarea" else "")
            if kind in {"checkbox", "radio"}:
                self._offer(form, name, value, "checked" in given)
            elif tag == "input":
                form.values[name] = [value]

    @staticmethod
    def _offer(form: Form, name: str, value: str, is_chosen: bool) -> None:
        form.options.setdefault(name, []).append(value)
        if is_chosen:
            form.values.setdefault(name, []).append(value)

    def handle_data(self, data: str) -> None:
        if self._text and self._form is not None:
            self._form.values[self._text] = [*self._form.values.get(self._text, []), data]

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._form = None
        elif tag in {"select", "textarea"}:
            self._list = self._text = ""


@cache
def page(path: str, body: bytes) -> PageParser:
    """The parsed page, cached because the same page is shown many times."""
    return PageParser(path, body)


@cache
def route_of(path: str) -> str:
    """The URL pattern of a path on this site; empty if there is none."""
    try:
        return str(resolve(path).route)
    except Resolver404:
        return ""


def paths_on(each: PageParser) -> Iterator[str]:
    """Paths of this site linked on a page, without query strings."""
    for link in each.links:
        address = urlsplit(link)
        if address.scheme in {"", "http", "https"} and address.netloc in {"", urlsplit(settings.SITE_URL).netloc}:
            yield address.path


def common(name: str) -> str:
    """The field name without formset index: `form-3-name` → `form-#-name`."""
    return NUMBERED.sub("-#-", name)
