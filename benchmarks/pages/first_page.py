"""What a visitor and a new colleague wait for: the first page after `make run`, and on a slow phone what Lighthouse's
profile of one measures (1.6 Mbit/s, 150 ms a round trip, a processor four times as slow) of pages seen for the first
time: the largest content of the page, and how long scripts block it.

The start is that of an installed checkout whose data are there; the one with an empty folder also seeds the demo.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import Browser

from benchmarks.timing import Ratio, Unmeasured, sized
from tests.browser.watched import CHROMIUM, NO_CHROMIUM, started_chromium
from tests.running_site import RunningSite

STARTS, VISITS = sized(5, 2), sized(5, 2)
FIRST_PAGE, LARGEST, BLOCKED = 5.0, 1.0, 0.0  # seconds, seconds, milliseconds
DEMO_DAYS = "365"  # of sales, as the demo has them
PAGES = {"/": "front page", "/products/bps-pro/": "product page", "/contact/": "contact form"}
PHONE = {"offline": False, "latency": 150, "downloadThroughput": 1.6e6 / 8, "uploadThroughput": 750e3 / 8}
SLOWER = 4
# Of Lighthouse: only what is beyond 50 ms of a task blocks.
NOTE = """
    window.largest = 0; window.blocked = 0;
    new PerformanceObserver(list => list.getEntries().forEach(entry => window.largest = entry.startTime))
        .observe({type: "largest-contentful-paint", buffered: true});
    new PerformanceObserver(list => list.getEntries().forEach(entry => window.blocked += entry.duration - 50))
        .observe({type: "longtask", buffered: true});
"""


def measure() -> Iterator[Ratio]:
    if CHROMIUM is None:
        raise Unmeasured(NO_CHROMIUM)
    with tempfile.TemporaryDirectory(prefix="aitpro-front-") as folder:
        first, _ = _started(Path(folder), visit=False)
        starts = [_started(Path(folder), visit=False)[0] for _ in range(STARTS)]
        yield Ratio(
            "the first page after `make run`, on an installed checkout",
            statistics.median(starts),
            FIRST_PAGE,
            at_least=False,
            unit=" s",
            detail=f"from {min(starts):.1f} to {max(starts):.1f}; the first time, with sales to make, {first:.1f}",
        )
        yield from _started(Path(folder), visit=True)[1]


def _started(folder: Path, *, visit: bool) -> tuple[float, list[Ratio]]:
    """Seconds until the first page, and what its visitors saw."""
    began = time.monotonic()
    site = RunningSite(folder, None, DEMO_DAYS=DEMO_DAYS)
    try:
        site.wait_until_ready()
        taken = time.monotonic() - began
        return taken, list(_visits(site)) if visit else []
    finally:
        site.stop()


def _visits(site: RunningSite) -> Iterator[Ratio]:
    with started_chromium() as browser:
        for path, what in PAGES.items():
            seen = [_visit(browser, site.url + path) for _ in range(VISITS + 1)][1:]
            largest, blocked = (statistics.median(values) for values in zip(*seen, strict=True))
            yield Ratio(f"{what} on a slow phone: its largest content", largest, LARGEST, at_least=False, unit=" s")
            yield Ratio(f"{what} on a slow phone: blocked by scripts", blocked, BLOCKED, at_least=False, unit=" ms")


def _visit(browser: Browser, url: str) -> tuple[float, float]:
    """Seconds to the largest content, and milliseconds blocked, for somebody who was never here."""
    context = browser.new_context(viewport={"width": 412, "height": 823}, device_scale_factor=1.75, is_mobile=True)
    page = context.new_page()
    page.add_init_script(NOTE)
    devtools = context.new_cdp_session(page)
    devtools.send("Network.enable")
    devtools.send("Network.emulateNetworkConditions", PHONE)
    devtools.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
    page.goto(url, wait_until="networkidle")
    largest, blocked = page.evaluate("[window.largest, window.blocked]")
    context.close()
    return largest / 1000, blocked
