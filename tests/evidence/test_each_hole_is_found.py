"""Every hole that was found once, opened again: the rehearsal finds it, and turns exactly its row red."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from privacy.evidence.rehearsal.report import RehearsalReport
from privacy.evidence.rehearsal.scratch_copy import Scratch, scratch_copy

from . import holes  # noqa: F401  (registers them)
from .mutations import MUTATIONS, groups

pytestmark = pytest.mark.slow

NOTHING = "nothing"
SECONDS = 1800  # for one that shares the machine with others
MISSED = "its rehearsal did not turn its row red, or not its row alone"
UNSURE = {  # holes that may be missed, or break more than they say
    "a_column_is_forgotten": MISSED,
    "a_command_is_forgotten": MISSED,
    "a_complaint_beyond_the_limit_is_dropped": "the contact form's probe can't be carried out either",
    "a_version_takes_effect_untold": "the database refuses it too: its probe fails, and finds nothing",
    "an_address_is_forgotten": MISSED,
    "an_archive_lacks_the_answers": MISSED,
    "the_admins_history_names_people": "only its own probes have been run with it",
    "visits_are_stored_whatever_the_mode": "only its own probes have been run with it",
}
NOT_RUN = {  # in their present form
    "a_complaint_beyond_the_limit_is_dropped",
    "the_admins_history_names_people",
    "visits_are_stored_whatever_the_mode",
}
TOGETHER = groups(one_by_one=bool(os.environ.get("ONE_BY_ONE")))


def marks(hole: str) -> list[pytest.MarkDecorator]:
    """Rehearsals take long (`make evidence`); the sweep's holes are met in the suite."""
    takes_long = [pytest.mark.holes] if MUTATIONS[hole].by == "rehearsal" else []
    unsure = [pytest.mark.xfail(strict=hole not in NOT_RUN, reason=UNSURE[hole])] if hole in UNSURE else []
    return takes_long + unsure


HOLES = [pytest.param(hole, group, marks=marks(hole), id=hole) for group in TOGETHER for hole in group]


class Rehearsals:
    """One for each group of holes, as many at once as there are cores, on copies of one prepared site.

    A test waits for its own. `logs` holds the end of what each wrote.
    """

    def __init__(self, prepared: Scratch, names: Iterable[str]) -> None:
        self.prepared, self.logs = prepared, dict[str, str]()
        self._pool = ThreadPoolExecutor(len(os.sched_getaffinity(0)))
        self._running = {name: self._pool.submit(self._rehearse, name) for name in dict.fromkeys(names)}

    def report(self, group: list[str]) -> RehearsalReport:
        """Raises `RehearsalFailed`."""
        name = "+".join(group)
        try:
            return self._running[name].result()
        finally:
            print(self.logs.get(name, ""))

    def end(self) -> None:
        self._pool.shutdown(cancel_futures=True)

    def _rehearse(self, name: str) -> RehearsalReport:
        with scratch_copy(self.prepared, seconds=SECONDS) as copy:
            try:
                return copy.rehearse((sys.executable, "-m", "tests.evidence.mutated", name))
            finally:
                self.logs[name] = copy.log.read_text()[-20_000:]


@pytest.fixture(scope="module")
def rehearsals(request: pytest.FixtureRequest) -> Iterator[Rehearsals]:
    """In the order of the tests that are selected."""
    chosen = (getattr(item, "callspec", None) for item in request.session.items)
    names = ["+".join(each.params["group"]) for each in chosen if each and "group" in each.params]
    with pytest.MonkeyPatch.context() as patch, scratch_copy(seconds=SECONDS) as prepared:
        patch.setattr("privacy.evidence.rehearsal.scratch_copy.NICENESS", 0)  # no site that it would give way to
        running = Rehearsals(prepared, names)
        try:
            yield running
        finally:
            running.end()


@pytest.mark.parametrize("group", [pytest.param([NOTHING], id=NOTHING)])
def test_nothing_is_found_where_no_hole_is(group: list[str], rehearsals: Rehearsals) -> None:
    report = rehearsals.report(group)
    assert sorted(report.breaches) == []
    assert report.attempts
    assert report.searches


@pytest.mark.parametrize(("hole", "group"), HOLES)
def test_the_hole_turns_exactly_its_row_red(hole: str, group: list[str], rehearsals: Rehearsals) -> None:
    """Its own, and of the other rows none but those of the holes that are opened with it."""
    report = rehearsals.report(group)
    mutation, found = MUTATIONS[hole], "\n".join(map(str, sorted(report.breaches)))
    assert {breach.promise for breach in report.breaches if mutation.is_seen_in(breach)} == mutation.breaks, found
    assert report.broken <= frozenset[str]().union(*(MUTATIONS[other].breaks for other in group)), found
