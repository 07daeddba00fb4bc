"""Public pages per second, compared with a bare Django view that answers the same bytes, in the same gunicorn and run.

The floor is told in `site`. The contact form has a token, so it is rendered for each visitor and has no target.
"""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.http_load import against_floor, alternate, server
from benchmarks.timing import Ratio, sized
from tests import factories

KEPT = {"the front page": "/", "the product page": "/products/bps-pro/", "the privacy policy": "/privacy/"}
RENDERED = {"the contact form": "/contact/"}
BARE = "/bare"
OBSTACLE = (
    "each second one request in each process finds out whether the page is still the same, and whoever comes meanwhile"
    " waits for a core that `wrk` keeps busy, too; the median is not touched by it"
)


def measure() -> Iterator[Ratio]:
    factories.product()
    with server("benchmarks.pages.site:application", SITE_URL="http://127.0.0.1") as port:
        for name, page in KEPT.items():
            loads = alternate(port, (page, BARE + page), rounds=sized(7, 2))
            what = f"{name}, against a bare view with the same bytes"
            yield from against_floor(what, loads, page, BARE + page, target=0.8, p99_target=1.5, obstacle=OBSTACLE)
        for name, page in RENDERED.items():
            loads = alternate(port, (page, BARE + page), rounds=sized(3, 1))
            what = f"{name}, rendered, against a bare view with the same bytes"
            yield from against_floor(what, loads, page, BARE + page, target=None, p99_target=None)
