"""A browser without JavaScript: follows links, keeps cookies, fills in forms. Subclasses implement sending."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any
from urllib.parse import urljoin

from bs4 import BeautifulSoup, Tag


class NoSuchForm(AssertionError):
    """The page has no form with such a button."""


class Browser(ABC):
    """One person's browser. `url` is the URL of the current page, `base` that of the site."""

    base: str
    url: str
    _read: tuple[str, BeautifulSoup] = ("", BeautifulSoup("", "html.parser"))

    @abstractmethod
    def send(self, method: str, url: str, *, data: dict[str, Any] | None = None, **options: Any) -> None:
        """Sends a request, follows redirects, and shows the response."""

    @property
    @abstractmethod
    def html(self) -> str:
        """The current page as HTML."""

    def open(self, address: str, **options: Any) -> BeautifulSoup:
        self.send("get", urljoin(self.base, address), **options)
        return self.page

    def submit(self, button: str = "", /, **fields: Any) -> BeautifulSoup:
        """Fills in the form that has a button with this text (without one: the first form), and submits it."""
        form, pressed = self._form_with(button)
        data = {**defaults_of(form), **fields}
        if pressed.get("name"):
            data[str(pressed["name"])] = str(pressed.get("value", ""))
        action = str(pressed.get("formaction") or form.get("action") or self.url)
        self.send(str(form.get("method", "get")).lower(), urljoin(self.url, action), data=data)
        return self.page

    @property
    def page(self) -> BeautifulSoup:
        """The current page, parsed once per response."""
        html = self.html
        if self._read[0] != html:
            self._read = html, BeautifulSoup(html, "html.parser")
        return self._read[1]

    @property
    def text(self) -> str:
        """The page's visible text, on one line."""
        main = self.page.find("main") or self.page
        return " ".join(main.get_text(" ").split())

    def follow(self, text: str) -> BeautifulSoup:
        """Opens the link with this text."""
        link = next(a for a in self.page.find_all("a") if text in a.get_text())
        return self.open(urljoin(self.url, str(link["href"])))

    def _form_with(self, button: str) -> tuple[Tag, Tag]:
        for form in self.page.find_all("form"):
            for pressed in form.find_all(["button", "input"]):
                reads = pressed.get_text() or str(pressed.get("value", ""))
                found = button in reads if button else form.find_parent("header") is None
                if _is_button(pressed) and found:
                    return form, pressed
        raise NoSuchForm(f"no form with a button {button!r} on {self.url}: {self.text[:500]}")


def defaults_of(form: Tag) -> dict[str, str | list[str]]:
    """What a browser would send for unmodified fields."""
    data: dict[str, str | list[str]] = {}
    for field in form.find_all(["input", "textarea", "select"]):
        name, kind = str(field.get("name", "")), field.get("type")
        if (
            not name
            or kind in {"submit", "button"}
            or (kind in {"checkbox", "radio"} and not field.has_attr("checked"))
        ):
            continue
        if field.name == "select":
            data[name] = _chosen(field)
        else:
            absent = "on" if kind == "checkbox" else ""
            value = str(field.get("value", absent))
            data[name] = field.get_text().lstrip("\n") if field.name == "textarea" else value
    return data


def _is_button(element: Tag) -> bool:
    kind = element.get("type", "submit" if element.name == "button" else "text")
    return kind == "submit"


def _chosen(field: Tag) -> str | list[str]:
    """Selected options; a drop-down always has one."""
    chosen = field.find_all("option", selected=True)
    if field.has_attr("multiple"):
        return [str(option.get("value", "")) for option in chosen]
    first = chosen[0] if chosen else field.find("option")
    return str(first.get("value", "")) if first else ""
