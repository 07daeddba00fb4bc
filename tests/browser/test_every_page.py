"""Every page in a real browser: no error, nobody else asked, accessible in light and dark, no wider than a phone."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser

from tests.browser.looks import DESK, problems_of
from tests.browser.pages import AREAS, area
from tests.browser.watched import Watch
from tests.running_site import RunningSite

FEWEST = {"public": 22, "order": 4, "quote": 4, "portal": 12, "admin": 105}
DJANGOS = (  # what only Django could mend
    "label-title-only: #searchbar",
    "aria-input-field-name: .select2-selection",
    "aria-input-field-name: #select2-",
    "aria-prohibited-attr: label[for=",
    "text at 200%",
)


@pytest.mark.parametrize("name", AREAS)
def test_every_page_is_clean(name: str, site: RunningSite, chromium: Browser) -> None:
    visited = area(name, site)
    assert len(visited.pages) >= FEWEST[name], visited.pages
    context = chromium.new_context(base_url=site.url, viewport=DESK)
    context.add_cookies([{"name": key, "value": value, "url": site.url} for key, value in visited.cookies.items()])
    page = context.new_page()
    watch = Watch(context, site.url)
    watch.expected = (f"404 (Not Found) {site.url}/no/such/page/",)
    problems = []
    for path in visited.pages:
        page.set_viewport_size(DESK)
        page.goto(path)
        found = [*problems_of(page), *watch.taken()]
        problems += [f"{path}: {each}" for each in found if name != "admin" or not any(own in each for own in DJANGOS)]
    context.close()
    assert not problems, "\n".join(problems)
