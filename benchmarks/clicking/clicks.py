"""Clicks per second, compared with a bare Django page with one raw INSERT, in the same gunicorn, database and run.

What the pages do is told in `site`. Every answer of the two leaves one row.
"""

from __future__ import annotations

from collections.abc import Iterator
from statistics import median

from accounts.models import User
from affiliates.models import Affiliate, Click
from benchmarks.http_load import Loads, against_floor, alternate, answer_exactly, server
from benchmarks.models import PlainClick
from benchmarks.timing import Ratio, sized

CLICK, ROW, SMALLEST, HASTY, GUARDED = (
    "/go/CLICKING/?sub=spring",
    "/bare/row/?sub=spring",
    "/bare/smallest/",
    "/bare/hasty/?sub=spring",
    "/bare/guarded/?sub=spring",
)
EXACTLY = sized(5000, 500)  # clicks, each of another visitor
OBSTACLE = (
    "the floor has none of the site's middleware (safe headers, the log's id, counters, the canonical host), which the"
    " last line of the table takes along; a click's sealed address, digest and indexes make the rest"
)
SETTINGS = {"DJANGO_SETTINGS_MODULE": "benchmarks.clicking.settings"}


def measure() -> Iterator[Ratio]:
    owner = User.objects.create_user("clicking@example.org")
    Affiliate.objects.create(user=owner, code="CLICKING", terms_version="1")
    rows = {CLICK: Click._base_manager.count, ROW: PlainClick.objects.count}
    with server("benchmarks.clicking.site:application", **SETTINGS) as port:
        loads = alternate(port, (CLICK, ROW), rows=rows)
        others = alternate(port, (CLICK, SMALLEST, HASTY, GUARDED), rounds=sized(3, 1))
        before = Click._base_manager.count()
        answered = answer_exactly(port, CLICK, EXACTLY)
        stored = Click._base_manager.count() - before
    yield from against_floor(
        "a click, against a bare page with one raw INSERT",
        loads,
        CLICK,
        ROW,
        target=0.9,
        p99_target=1.3,
        obstacle=OBSTACLE,
    )
    yield Ratio(
        "clicks lost or doubled, of all that were answered", abs(answered - stored), 0, at_least=False,
        detail=f"{answered:,} answered, {stored:,} stored", unit="",
    )  # fmt: skip
    yield _ratio("a click, against a page with the smallest row there can be", others, CLICK, SMALLEST)
    yield _ratio("a click, against a page that does not wait for the disk either", others, CLICK, HASTY)
    yield _ratio("a click, against a page behind the site's middleware", others, CLICK, GUARDED)


def _ratio(what: str, loads: Loads, one: str, other: str) -> Ratio:
    """Only worth knowing: it has no target."""
    ratios = tuple(a.per_second / b.per_second for a, b in zip(loads[one], loads[other], strict=True))
    ours, theirs = (median(load.per_second for load in loads[page]) for page in (one, other))
    detail = f"{ours:,.0f} against {theirs:,.0f} requests/s"
    return Ratio(what, median(ratios), None, at_least=True, detail=detail, rounds=ratios)
