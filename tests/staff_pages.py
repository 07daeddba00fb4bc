"""A page of the staff's as a browser keeps it: its forms are sent as they were when it was opened."""

from __future__ import annotations

from typing import Any
from urllib.parse import urljoin

from bs4 import BeautifulSoup, Tag
from django.test import Client

from privacy.evidence.rehearsal.browser import defaults_of


class Page:
    """Opened once; what is sent is what it held then, however much later."""

    def __init__(self, client: Client, address: str, response: Any = None) -> None:
        self.client = client
        self.response = response or client.get(address)
        self.address = address
        self.status: int = self.response.status_code
        self.html = self.response.content.decode()
        self.soup = BeautifulSoup(self.html, "html.parser")

    @property
    def text(self) -> str:
        return " ".join(self.soup.get_text(" ").split())

    @property
    def main_form(self) -> Tag:
        """The form with the most fields."""
        return max(self.soup.select("#content form[method=post]"), key=lambda form: len(form.select("[name]")))

    def field(self, name: str) -> str:
        return str(defaults_of(self.main_form)[name])

    def submit(self, **typed: Any) -> Page:
        """Types into the main form and sends it."""
        return self._send(self.main_form, "", typed)

    def press(self, button: str, **typed: Any) -> Page:
        for form in self.soup.select("#content form[method=post]"):
            for pressed in form.select("button, input[type=submit]"):
                if button in (pressed.get_text() or str(pressed.get("value", ""))):
                    own = {str(pressed["name"]): str(pressed.get("value", ""))} if pressed.get("name") else {}
                    return self._send(form, str(pressed.get("formaction", "")), {**own, **typed})
        raise AssertionError(f"no button {button!r} on {self.address}: {self.text[:500]}")

    def _send(self, form: Tag, formaction: str, typed: dict[str, Any]) -> Page:
        action = urljoin(self.address, formaction or str(form.get("action", "") or self.address))
        data = {**defaults_of(form), **typed}
        response: Any = self.client.post(action, data, follow=True)
        last = response.redirect_chain[-1][0] if response.redirect_chain else action
        return Page(self.client, last, response)
