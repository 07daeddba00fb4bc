"""A real Chromium that fetches an affiliate's link ahead, by speculation rules of somebody else's page: the click after
it reaches this site, sets the cookie and is counted once."""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright
from pytest_django.live_server_helper import LiveServer

from affiliates.models import Affiliate, Click, PendingVisitCount
from affiliates.tracking.referral_cookie import COOKIE
from shop.models import Product
from tests.running_site import wait_for

pytestmark = [pytest.mark.slow, pytest.mark.browser]

CHROME = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36"
InBrowser = Callable[[Callable[[Browser], Any]], Any]


@pytest.fixture(scope="module")
def in_browser() -> Iterator[InBrowser]:
    """Does something with the machine's Chromium, in a thread of its own: Playwright keeps an event loop in it, and
    Django refuses databases there."""
    with ThreadPoolExecutor(1) as thread:
        playwright = thread.submit(lambda: sync_playwright().start()).result()
        browser = thread.submit(
            lambda: playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        ).result()
        yield lambda act: thread.submit(act, browser).result(timeout=60)
        thread.submit(browser.close).result(timeout=60)
        thread.submit(playwright.stop).result(timeout=60)


@pytest.fixture
def blog() -> Iterator[Callable[[str, str], str]]:
    """Somebody else's page, of another origin: it has one link, and asks the browser to fetch it ahead."""
    pages: dict[str, str] = {}

    class Blog(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write(pages.get(self.path, "").encode())

        def log_message(self, *arguments: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Blog)
    threading.Thread(target=server.serve_forever, daemon=True).start()

    def page(how: str, link: str) -> str:
        rules = json.dumps({how: [{"urls": [link], "eagerness": "immediate"}]})
        pages["/"] = f'<script type="speculationrules">{rules}</script><a href="{link}">A fine product</a>'
        return f"http://127.0.0.1:{server.server_port}/"

    yield page
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("how", ["prefetch", "prerender"])
@pytest.mark.parametrize("link", ["/go/DEMO/products/bps-pro/", "/products/bps-pro/?ref=DEMO"])
def test_click_after_speculative_load_is_counted_once(
    live_server: LiveServer,
    in_browser: InBrowser,
    blog: Callable[[str, str], str],
    alice: Affiliate,
    product: Product,
    how: str,
    link: str,
) -> None:
    site = live_server.url.replace("localhost", "127.0.0.1")
    address = blog(how, site + link)

    def open_blog(browser: Browser) -> Page:
        page = browser.new_context(user_agent=CHROME).new_page()
        page.goto(address)
        return page

    page = in_browser(open_blog)
    wait_for(lambda: PendingVisitCount.objects.filter(previews=1).exists(), f"a {how} of the link")
    assert not Click.objects.exists()

    def click(browser: Browser) -> tuple[str, list[str]]:
        page.click("a")
        page.wait_for_url(f"{site}/products/**")
        found = page.url, [cookie["name"] for cookie in page.context.cookies()]
        page.context.close()
        return found

    url, cookies = in_browser(click)
    assert "/products/bps-pro/?ref=DEMO" in url
    assert cookies == [COOKIE]
    assert Click.objects.get().affiliate == alice
