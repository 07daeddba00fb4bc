"""Every hole that was found once, opened again: the rehearsal finds it, and turns exactly its row red."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from privacy.rehearsal.report import Report
from privacy.rehearsal.scratch import Scratch, scratch_copy

from . import holes  # noqa: F401  (registers them)
from .mutations import MUTATIONS

pytestmark = pytest.mark.slow

NOTHING = "nothing"
SEEN = {"free_text_is_logged", "a_label_is_stored_in_clear", "what_a_stranger_typed_is_mailed"}
HOLES = [
    pytest.param(
        hole, marks=() if hole in SEEN else pytest.mark.xfail(run=False, reason="its probe is not written yet")
    )
    for hole in MUTATIONS
]


class Rehearsals:
    """One for each name, as many at once as there are cores, on copies of one prepared site. A test waits for its own.

    `logs` holds the end of what each wrote.
    """

    def __init__(self, prepared: Scratch, names: Iterable[str]) -> None:
        self.prepared, self.logs = prepared, dict[str, str]()
        self._pool = ThreadPoolExecutor(len(os.sched_getaffinity(0)))
        self._running = {name: self._pool.submit(self._rehearse, name) for name in names}

    def report(self, name: str) -> Report:
        """Raises `RehearsalFailed`."""
        try:
            return self._running[name].result()
        finally:
            print(self.logs.get(name, ""))

    def end(self) -> None:
        self._pool.shutdown(cancel_futures=True)

    def _rehearse(self, name: str) -> Report:
        with scratch_copy(self.prepared) as copy:
            try:
                return copy.rehearse((sys.executable, "-m", "tests.evidence.mutated", name))
            finally:
                self.logs[name] = copy.log.read_text()[-20_000:]


@pytest.fixture(scope="module")
def rehearsals(request: pytest.FixtureRequest) -> Iterator[Rehearsals]:
    """In the order of the tests that are selected."""
    chosen = (getattr(item, "callspec", None) for item in request.session.items)
    names = [str(each.params["hole"]) for each in chosen if each and "hole" in each.params]
    with scratch_copy() as prepared:
        running = Rehearsals(prepared, names)
        try:
            yield running
        finally:
            running.end()


@pytest.mark.parametrize("hole", [NOTHING])
def test_nothing_is_found_where_no_hole_is(hole: str, rehearsals: Rehearsals) -> None:
    report = rehearsals.report(hole)
    assert sorted(report.breaches) == []
    assert report.attempts
    assert report.searches


@pytest.mark.parametrize("hole", HOLES)
def test_the_hole_turns_exactly_its_row_red(hole: str, rehearsals: Rehearsals) -> None:
    report = rehearsals.report(hole)
    assert report.broken == MUTATIONS[hole].breaks, "\n".join(map(str, sorted(report.breaches)))
