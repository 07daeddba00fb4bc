"""Work in separate processes: forked from the test, on the test's database, killed where a test says."""

from __future__ import annotations

import os
import traceback
from collections.abc import Callable
from pathlib import Path

from django.db import connections

from shop.paypal.gateway import _gateway
from tests.shop.processes.crash_points import steps_of, watch_every_step

Work = Callable[[], object]


def run_in_a_process(work: Work, crash_dir: Path, *, die_at: str = "") -> tuple[int, list[str]]:
    """Its end (0, or minus the signal that killed it) and the steps that it reached."""
    (crash_dir / "steps").write_text("")
    (crash_dir / "armed").write_text(die_at)
    [end] = _ends([_fork(lambda: _watched(work, crash_dir))])
    return end, (crash_dir / "steps").read_text().splitlines()


def run_at_once(work: Work, count: int) -> list[int]:
    """So many processes doing the same, all let go at one moment. Their ends."""
    ready, go = os.pipe()

    def start_together() -> None:
        os.close(go)
        os.read(ready, 1)
        work()

    children = [_fork(start_together) for _ in range(count)]
    os.close(ready)
    os.close(go)
    return _ends(children)


def _watched(work: Work, crash_dir: Path) -> None:
    os.environ["CRASH_DIR"] = str(crash_dir)
    watch_every_step()
    with steps_of("payouts"):
        work()


def _fork(work: Work) -> int:
    """No connection is shared: neither to the database nor to PayPal."""
    connections.close_all()
    child = os.fork()
    if child:
        return child
    try:
        _gateway.cache_clear()
        work()
        connections.close_all()
        os._exit(0)
    except BaseException:
        traceback.print_exc()
        os._exit(1)


def _ends(children: list[int]) -> list[int]:
    return [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
