"""What stands on pages that were seen: addresses that lead on, and forms with what they ask for."""

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
    """As it stands on a page. `fields` are names and kinds, `values` what a browser sends for what nobody touched,
    `options` what can be chosen."""

    method: str
    action: str
    fields: dict[str, str] = field(default_factory=dict)
    values: dict[str, list[str]] = field(default_factory=dict)
    options: dict[str, list[str]] = field(default_factory=dict)
    buttons: list[tuple[str, str]] = field(default_factory=list)


class PageParser(HTMLParser):
    """Quicker than a tree of the whole page, of which a rehearsal sees thousands."""

    def __init__(self, path: str, body: bytes) -> None:
        super().__init__()
        self.path = path
        self.links: set[str] = set()
        self.forms: list[Form] = []
        self._form: Form | None = None
        self._list = self._text = ""  # the drop-down and the text area that are open
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
    """The same page is shown many times."""
    return PageParser(path, body)


@cache
def route_of(path: str) -> str:
    """The resolver's, of an address of this site; empty where none fits."""
    try:
        return str(resolve(path).route)
    except Resolver404:
        return ""


def paths_on(each: PageParser) -> Iterator[str]:
    """The addresses of this site on a page, without query."""
    for link in each.links:
        address = urlsplit(link)
        if address.scheme in {"", "http", "https"} and address.netloc in {"", urlsplit(settings.SITE_URL).netloc}:
            yield address.path


def common(name: str) -> str:
    """The name of a field in any row of a list: `form-3-name` → `form-#-name`."""
    return NUMBERED.sub("-#-", name)
