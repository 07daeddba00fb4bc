"""A plain HTTP client that behaves as a browser without JavaScript: it follows links, keeps cookies, fills in forms."""

from __future__ import annotations

from typing import Any
from urllib.parse import urljoin

import requests
from bs4 import BeautifulSoup, Tag


class Visitor:
    """One person with one browser."""

    def __init__(self, base: str, **headers: str) -> None:
        self.base = base
        self.session = requests.Session()
        self.session.headers.update({"User-Agent": "Mozilla/5.0", **headers})
        self.response: requests.Response

    def open(self, address: str, **options: Any) -> BeautifulSoup:
        self.response = self.session.get(urljoin(self.base, address), timeout=30, **options)
        return self.page

    def submit(self, button: str = "", /, **fields: str | list[str]) -> BeautifulSoup:
        """Fills in the form that has a button with this text (any form without one), and presses the button."""
        form, pressed = self._form_with(button)
        data = {**self._defaults(form), **fields}
        if pressed.get("name"):
            data[str(pressed["name"])] = str(pressed.get("value", ""))
        action = str(pressed.get("formaction") or form.get("action") or self.response.url)
        self.response = self.session.request(
            str(form.get("method", "get")),
            urljoin(self.response.url, action),
            data=data,
            headers={"Referer": self.response.url},
            timeout=60,
        )
        return self.page

    @property
    def page(self) -> BeautifulSoup:
        return BeautifulSoup(self.response.text, "html.parser")

    @property
    def text(self) -> str:
        """What a person reads on the page, on one line."""
        main = self.page.find("main") or self.page
        return " ".join(main.get_text(" ").split())

    def follow(self, text: str) -> BeautifulSoup:
        """Clicks the link with this text."""
        link = next(a for a in self.page.find_all("a") if text in a.get_text())
        return self.open(urljoin(self.response.url, str(link["href"])))

    def _form_with(self, button: str) -> tuple[Tag, Tag]:
        for form in self.page.find_all("form"):
            for pressed in form.find_all(["button", "input"]):
                reads = pressed.get_text() or str(pressed.get("value", ""))
                found = button in reads if button else form.find_parent("header") is None
                if self._is_button(pressed) and found:
                    return form, pressed
        raise AssertionError(f"no form with a button {button!r} on {self.response.url}: {self.text[:500]}")

    @staticmethod
    def _is_button(element: Tag) -> bool:
        kind = element.get("type", "submit" if element.name == "button" else "text")
        return kind == "submit"

    @classmethod
    def _defaults(cls, form: Tag) -> dict[str, str | list[str]]:
        """What the browser would send for everything that nobody touched."""
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
                data[name] = cls._chosen(field)
            else:
                absent = "on" if kind == "checkbox" else ""
                value = str(field.get("value", absent))
                data[name] = field.get_text().lstrip("\n") if field.name == "textarea" else value
        return data

    @staticmethod
    def _chosen(field: Tag) -> str | list[str]:
        """A list has what is selected; a drop-down always has something."""
        chosen = field.find_all("option", selected=True)
        if field.has_attr("multiple"):
            return [str(option.get("value", "")) for option in chosen]
        first = chosen[0] if chosen else field.find("option")
        return str(first.get("value", "")) if first else ""
