"""Chromium with an ear for what a page does behind the visitor's back: errors, requests to others, violations."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Request, Response, sync_playwright

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
NO_CHROMIUM = "No Chromium on this machine. Debian and Ubuntu: apt-get install chromium"


@contextmanager
def started_chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


class Watch:
    """What went wrong in a browser context, with the page where it happened. `origins` may be asked."""

    def __init__(self, context: BrowserContext, *origins: str) -> None:
        self.origins = origins
        self.problems: list[str] = []
        self.expected: tuple[str, ...] = ()
        context.on("console", self._note_message)
        context.on("weberror", lambda error: self.problems.append(f"script error: {error.error}"))
        context.on("request", self._note_request)
        context.on("response", self._note_response)

    def _note_message(self, message: ConsoleMessage) -> None:
        """A violation of the content security policy is such a message too."""
        text = f"{message.text} {message.location['url']}"
        if message.type in {"error", "warning"} and not any(words in text for words in self.expected):
            where = urlsplit(message.page.url).path if message.page else "?"
            self.problems.append(f"{where}: console {message.type}: {text}")

    def _note_request(self, request: Request) -> None:
        if not request.url.startswith((*self.origins, "data:", "blob:", "about:")):
            self.problems.append(f"request to another origin: {request.url}")

    def _note_response(self, response: Response) -> None:
        if response.status >= 500:
            self.problems.append(f"{urlsplit(response.url).path}: status {response.status}")

    def taken(self) -> list[str]:
        """The problems since the last call."""
        taken, self.problems[:] = [*self.problems], []
        return taken
