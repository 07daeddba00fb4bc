"""Measures the pages: weight and requests of a first visit, valid HTML, Lighthouse. `make audit-pages`.

Prints tables and exits with 1 if a page is over budget, invalid, or below 100.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser

from tests.browser.pages import AREAS, Area, area
from tests.browser.watched import CHROMIUM, NO_CHROMIUM, started_chromium
from tests.running_site import RunningSite, running_site

REQUESTS, KILOBYTES = 5, 60  # of a first visit to a public page
LIGHTHOUSE, VNU = "lighthouse@12.8.2", "vnu-jar@26.9.27"
CATEGORIES = ("performance", "accessibility", "best-practices", "seo")
# The demo is served over HTTP on loopback. Private pages ask search engines to stay away, which show the description.
SKIPPED = ("is-on-https", "redirects-http", "uses-http2")
PRIVATE_SKIPPED = ("is-crawlable", "meta-description")
MEASURED = ("/", "/products/bps-pro/", "/contact/", "/affiliates/", "/privacy/", "/privacy/evidence/")


def first_visit(browser: Browser, site: RunningSite, path: str) -> tuple[int, float, str]:
    """Requests and kB over the line of a browser that was never here, and the HTML."""
    context = browser.new_context(base_url=site.url)
    page = context.new_page()
    devtools = context.new_cdp_session(page)
    devtools.send("Network.enable")
    sizes: list[float] = []
    devtools.on("Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"]))
    response = page.goto(path, wait_until="networkidle")
    html = response.text() if response else ""
    context.close()
    return len(sizes), sum(sizes) / 1000, html


def weights(browser: Browser, site: RunningSite, visited: Area) -> tuple[list[str], dict[str, str]]:
    print(f"\n{'requests':>8} {'kB':>6}  page (at most {REQUESTS} and {KILOBYTES})")
    over, pages = [], {}
    for path in visited.pages:
        requests, size, pages[path] = first_visit(browser, site, path)
        fits = requests <= REQUESTS and size <= KILOBYTES
        over += [] if fits else [f"{path}: {requests} requests, {size:.1f} kB"]
        print(f"{requests:8} {size:6.1f}  {path}{'' if fits else '  OVER'}", flush=True)
    return over, pages


def invalid_html(pages: dict[str, str]) -> list[str]:
    with tempfile.TemporaryDirectory() as folder:
        names = {f"{number:03}.html": path for number, path in enumerate(pages)}
        for name, path in names.items():
            (Path(folder) / name).write_text(pages[path], encoding="utf-8")
        done = subprocess.run(
            ["npx", "--yes", VNU, "--format", "json", "--exit-zero-always", folder],
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        messages = json.loads(done.stderr or done.stdout)["messages"]
    print(f"\nvnu: {len(pages)} pages, {len(messages)} messages")
    return [
        f"{names[Path(found.get('url', '')).name]}: {found['message']} (line {found.get('lastLine', '?')})"
        for found in messages
        if found["type"] == "error" or found.get("subType") == "warning"
    ]


def lighthouse(site: RunningSite, path: str, cookies: dict[str, str], *, private: bool) -> dict[str, Any]:
    header = json.dumps({"Cookie": "; ".join(f"{name}={value}" for name, value in cookies.items())} if cookies else {})
    skipped = [*SKIPPED, *(PRIVATE_SKIPPED if private else ())]
    command = ["npx", "--yes", LIGHTHOUSE, site.url + path, "--output=json", "--quiet", f"--extra-headers={header}"]
    options = [f"--only-categories={','.join(CATEGORIES)}", f"--skip-audits={','.join(skipped)}"]
    chrome = "--chrome-flags=--headless=new --no-sandbox --disable-gpu"
    done = subprocess.run(
        [*command, *options, chrome],
        stdout=subprocess.PIPE, text=True, check=True, env={**os.environ, "CHROME_PATH": str(CHROMIUM)},
    )  # fmt: skip
    return dict(json.loads(done.stdout))


def scores(site: RunningSite, areas: dict[str, Area]) -> list[str]:
    """A page below 100 is measured twice: a busy machine makes every page slow. How fast
    this one was at the time, Lighthouse says as its benchmark index; a phone of the middle class has about 1000."""
    print(f"\n{'perf':>5} {'a11y':>5} {'best':>5} {'seo':>5} {'index':>6}  page (Lighthouse, mobile)")
    paths = [(path, areas["public"]) for path in MEASURED]
    paths += [(areas["portal"].pages[0], areas["portal"]), (areas["order"].pages[0], areas["order"])]
    below = []
    for path, visited in paths:
        for _ in range(2):
            report = lighthouse(site, path, visited.cookies, private=visited.name != "public")
            reached = [round(100 * (report["categories"][name]["score"] or 0)) for name in CATEGORIES]
            index = round(report["environment"]["benchmarkIndex"])
            print(" ".join(f"{score:5}" for score in reached), f"{index:6}  {path}", *_reasons(report), flush=True)
            if min(reached) == 100:
                break
        else:
            below.append(f"{path}: {'/'.join(map(str, reached))}: {', '.join(_reasons(report))}")
    return below


def _reasons(report: dict[str, Any]) -> list[str]:
    """What lowers a score, with the measured time if it has one."""
    weighted = {ref["id"] for name in CATEGORIES for ref in report["categories"][name]["auditRefs"] if ref["weight"]}
    return [
        f"{name} {audit.get('displayValue', '')}".strip()
        for name, audit in report["audits"].items()
        if name in weighted and audit["score"] is not None and audit["score"] < 0.9
    ]


def main() -> int:
    with tempfile.TemporaryDirectory() as data, running_site(Path(data)) as site, started_chromium() as browser:
        areas = {name: area(name, site) for name in AREAS}
        problems, pages = weights(browser, site, areas["public"])
        if shutil.which("npx") is None:
            return _end([*problems, "npx is missing: no vnu, no Lighthouse. Debian: apt-get install npm default-jre"])
        for name in ("order", "portal"):
            visitor = site.visitor()
            visitor.session.cookies.update(areas[name].cookies)
            for path in areas[name].pages:
                visitor.open(path)
                pages[path] = visitor.html
        problems += invalid_html(pages)
        problems += scores(site, areas)
    return _end(problems)


def _end(problems: list[str]) -> int:
    print(*["", *problems, "", f"{len(problems)} findings"], sep="\n")
    return int(bool(problems))


if __name__ == "__main__":
    sys.exit(NO_CHROMIUM if CHROMIUM is None else main())
