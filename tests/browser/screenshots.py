"""Pictures of all pages for people to look at: light, dark and on the narrowest phone. `make screenshots`."""

from __future__ import annotations

import re
import sys
import tempfile
from pathlib import Path
from typing import Literal

from playwright.sync_api import ViewportSize

from tests.browser.looks import DESK, NARROW
from tests.browser.pages import AREAS, area
from tests.browser.watched import CHROMIUM, NO_CHROMIUM, started_chromium
from tests.running_site import running_site

MODES: dict[str, tuple[Literal["light", "dark"], ViewportSize]] = {
    "light": ("light", DESK),
    "dark": ("dark", DESK),
    "320": ("light", NARROW),
}


def main(folder: Path) -> None:
    with tempfile.TemporaryDirectory() as data, running_site(Path(data)) as site, started_chromium() as browser:
        for name in AREAS:
            visited = area(name, site)
            context = browser.new_context(base_url=site.url)
            context.add_cookies([{"name": k, "value": v, "url": site.url} for k, v in visited.cookies.items()])
            page = context.new_page()
            for mode, (scheme, size) in MODES.items():
                page.emulate_media(color_scheme=scheme)
                page.set_viewport_size(size)
                for path in visited.pages:
                    page.goto(path)
                    file = (
                        folder
                        / name
                        / f"{re.sub(r'[^a-z0-9]+', '-', path.lower()).strip('-')[:60] or 'home'}.{mode}.png"
                    )
                    page.screenshot(path=file, full_page=True)
            print(f"{folder / name}: {len(visited.pages)} pages", flush=True)
            context.close()


if __name__ == "__main__":
    if CHROMIUM is None:
        sys.exit(NO_CHROMIUM)
    main(Path(sys.argv[1]))
