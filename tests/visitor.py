"""A browser that goes over the line: to a site that was started as a process."""

from __future__ import annotations

from typing import Any

import requests

from privacy.evidence.rehearsal.browser import Browser


class Visitor(Browser):
    """One person with one browser."""

    def __init__(self, base: str, **headers: str) -> None:
        self.base = self.url = base
        self.session = requests.Session()
        # A new connection each time: a kept one may be closed just when it is used, and only browsers send again then.
        self.session.headers.update({"User-Agent": "Mozilla/5.0", "Connection": "close", **headers})
        self.response: requests.Response

    def send(self, method: str, url: str, *, data: dict[str, Any] | None = None, **options: Any) -> None:
        headers = {"Referer": self.url} if method == "post" else {}
        sent = {"params" if method == "get" else "data": data}
        self.response = self.session.request(method, url, **sent, headers=headers, timeout=60, **options)  # type: ignore[arg-type]
        self.url = self.response.url

    @property
    def html(self) -> str:
        return self.response.text
