"""One started site and one Chromium for all tests in a browser. Each test has visitors of its own."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.watched import CHROMIUM, NO_CHROMIUM, Watch, started_chromium
from tests.running_site import RunningSite, running_site

Visit = Callable[[str], Page]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.parent.name == "browser":
            item.add_marker(pytest.mark.slow)
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.skipif(CHROMIUM is None, reason=NO_CHROMIUM))


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSite]:
    with running_site(tmp_path_factory.mktemp("browser")) as running:
        yield running


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    with pytest.MonkeyPatch.context() as patch, started_chromium() as browser:
        # Playwright keeps an event loop in this thread, and Django would refuse its databases to the tests that follow.
        patch.setitem(os.environ, "DJANGO_ALLOW_ASYNC_UNSAFE", "1")
        yield browser


@pytest.fixture
def visit(site: RunningSite, chromium: Browser) -> Iterator[Visit]:
    """Opens an address in a browser of its own. The test fails for every error in a console, request to another origin
    and violation of the content security policy."""
    watches: list[Watch] = []

    def visit(address: str) -> Page:
        context = chromium.new_context(base_url=site.url)
        context.set_default_timeout(20_000)
        watches.append(Watch(context, site.url, site.standin_url))
        page = context.new_page()
        page.goto(address)
        return page

    yield visit
    for context in chromium.contexts:
        context.close()
    problems = [problem for watch in watches for problem in watch.taken()]
    assert not problems, "\n".join(problems)
